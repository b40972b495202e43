"""Secrets are compared in constant time, and a printed setting does not show them."""

import ast
import re
from collections.abc import Iterator

import pytest

from app.settings import read_settings
from carriers import Carrier, carriers
from tests.source import ROOT, Module, modules

SECRET = re.compile(
    r"(^|_)(secrets?|tokens?|signatures?|signed|digest|hash|hashes|h?mac|password|credentials|api_key|authorization)($|_)"
)

NO_SECRET = {
    "said == [before.part_hash]": "the same of one parcel",
    "row.type == 'import_digest'": "a message's type",
    "keys.authorization == 'bearer'": "how a contract's key is sent",
    "before.body_hash != digest": "whether a carrier says the same again",
}
"""What is compared by == or != although a name in it sounds secret, and why it may be."""


def compared(module: Module) -> Iterator[str]:
    """Each == and != that names a secret on a side. A statement's is not meant: the database finds a hash by it."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Compare) and any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops):
            sides = (node.left, *node.comparators)
            if any(map(sounds_secret, sides)) and not any(re.search(r"\.c\.\w+$", ast.unparse(side)) for side in sides):
                yield ast.unparse(node)


def sounds_secret(side: ast.expr) -> bool:
    """Whether a variable, an attribute or a text key in it is named like a secret."""
    for node in ast.walk(side):
        match node:
            case ast.Name(id=str(name)) | ast.Attribute(attr=str(name)) | ast.Constant(value=str(name)):
                if SECRET.search(name):
                    return True
    return False


def test_secrets_are_compared_in_constant_time() -> None:
    """How long a comparison takes must not tell how much of a guess was right: `hmac.compare_digest` does not."""
    found = {
        f"{module.name}: {written}"
        for module in modules("app", "carriers")
        if not module.name.startswith("app.demo.")  # whose secrets are made up and shown
        for written in compared(module)
        if written not in NO_SECRET
    }

    assert found == set()


@pytest.mark.parametrize("written", ["given == secret", "made != headers['signature']", "token_hash(it).hex() == kept"])
def test_a_careless_comparison_is_found(written: str) -> None:
    """The rule knows a secret by any of its names."""
    assert list(compared(Module(ROOT / "careless.py", "careless", ast.parse(written)))) == [written]


@pytest.mark.parametrize("slug", [each.slug for each in carriers().values() if type(each).verify is not Carrier.verify])
def test_every_push_is_verified_in_constant_time(slug: str) -> None:
    """Each adapter that checks a signature or a secret compares it so."""
    [module] = [module for module in modules("carriers") if module.name == type(carriers()[slug]).__module__]

    assert "hmac.compare_digest" in {written for written, _ in module.attributes}


def test_settings_hide_their_secrets() -> None:
    """A setting that holds a key or a password does not show it when the settings are printed."""
    secrets = {"secret_key": "c2VjcmV0LWtleQ==", "smtp_url": "smtp://nove:pa55word@mail.example.com:587"}
    printed = repr(read_settings(_env_file=None, **secrets))

    assert [value for value in secrets.values() if value in printed or "pa55word" in printed] == []
