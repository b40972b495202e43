"""XML as the objects that JSON would be: for interfaces that write one shape in both."""

from lxml import etree

from carriers.reading import Json, local_name, text_of

INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


def tree_of(element: etree._Element) -> Json:
    """An element as an object of its attributes and children, by local name, or as its text if it has neither.

    What stands there several times becomes a list; an element without a text and one that is nil are none.
    """
    tree: dict[str, Json] = {}
    for name, value in element.attrib.items():
        if not str(name).startswith(INSTANCE):
            tree[etree.QName(name).localname] = text_of(str(value))
    for child in element.iterchildren(etree.Element):
        name, value = local_name(child), tree_of(child)
        if name not in tree:
            tree[name] = value
        elif isinstance(tree[name], list):
            tree[name].append(value)
        else:
            tree[name] = [tree[name], value]
    return tree or text_of(element.text) or None


def named(root: etree._Element, name: str) -> etree._Element | None:
    """The element of a local name: the root, or the first below it, as in an envelope."""
    return root if local_name(root) == name else next(root.iter(f"{{*}}{name}"), None)


def unwrapped(tree: Json) -> Json:
    """A tree whose lists have lost the name of what they are of, where it stands alone in capitals: `items/Item`."""
    if isinstance(tree, list):
        return [unwrapped(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1 and (name := next(iter(tree)))[:1].isupper() and isinstance(tree[name], dict | list):
        return unwrapped(tree[name])
    return {name: unwrapped(inner) for name, inner in tree.items()}
