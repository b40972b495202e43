"""A shop's address stands for public addresses alone, however it is written."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from app.errors import FieldError, InvalidInput
from app.outbound import check_url
from app.outbound.addresses import denied
from tests.outbound.receivers import LOOPBACK, PUBLIC, resolving

DENIED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "2620:4f:8000::1",
    "3ffe::1",
    "3fff::1",
    "3fff:fff:ffff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]

PUBLIC_ONES = [
    "8.8.8.8",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.1.1.1",
    "128.0.0.1",
    "169.253.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.1.1",
    "192.169.1.1",
    "198.17.1.1",
    "198.20.1.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450::1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "3ffd::1",
]


@pytest.mark.parametrize("address", DENIED)
def test_an_address_that_is_not_public_is_denied(address: str) -> None:
    assert denied(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC_ONES)
def test_a_public_address_is_not_denied(address: str) -> None:
    assert not denied(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        *(f"https://[{each}]/" if ":" in each else f"https://{each}/" for each in DENIED),
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0x7f.0.0.0x1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.1/",
        "https://127.0.1/",
        "https://0/",
        "https://0x/",
        "https://8.8.2056/",
        "https://134744072/",
        "https://08.8.8.8/",
        "https://8.8.8.8./",
        "https://127.0.0.1./",
        "https://127.0.0.1../",
        "https://127。0。0。1/",
        "https://①②⑦.0.0.1/",
        "https://127%2e0%2e0%2e1/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::1%251]/",
        "https://[2606:4700::1111%251]/",
        "https://[::127.0.0.1]/",
        "https://[0:0:0:0:0:ffff:7f00:1]/",
        "https://[v1.a]/",
        "https://256.256.256.256/",
        "https://1.2.3.4.5/",
    ],
)
async def test_a_literal_that_is_private_or_oddly_written_is_refused_without_asking_a_resolver(url: str) -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        raise AssertionError("the resolver was asked")

    with pytest.raises(InvalidInput) as caught:
        await check_url(url, (), never)

    assert caught.value.given_code == "address_not_allowed"


REFUSED_FORMS = [
    "http://shop.example/",
    "http://shop.example:443/",
    "https://shop.example:80/",
    "https://shop.example:22/",
    "https://shop.example:8080/",
    "https://shop.example:99999/",
    "https://user@shop.example/",
    "https://user:word@shop.example/",
    "https://:word@shop.example/",
    "https://shop.example@127.0.0.1/",
    "https:///path",
    "https://",
    "//shop.example/",
    "shop.example/hook",
    "/hook",
    "",
    "ftp://shop.example/",
    "file:///etc/passwd",
    "gopher://shop.example/",
    "javascript:alert(1)",
    "https://shop..example/",
    "https://shop example/",
    "https://-shop.example/",
    "https://xn--a/",
    "https://shop.example\x00.evil/",
    "https://shop.example\r\nX: y/",
    "https://" + "a" * 64 + ".example/",
    "https://" + ".".join(["a" * 60] * 5) + "/",
]


@pytest.mark.parametrize("url", REFUSED_FORMS)
async def test_only_plain_https_addresses_are_taken(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await check_url(url, (), resolving([PUBLIC]))

    assert caught.value.given_code == "address_not_allowed"


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hook?a=b#c",
        "https://shop.example:443/",
        "https://shop.example:8443/",
        "HTTPS://SHOP.Example./",
        "https://negozio-1.bücher.example/",
        "https://negozio_1.example/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]:8443/",
    ],
)
async def test_a_public_https_address_is_taken(url: str) -> None:
    await check_url(url, (), resolving([PUBLIC, "2606:4700::1111"]))


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        ["127.0.0.1"],
        [PUBLIC, "127.0.0.1"],
        [PUBLIC, "fe80::1%2"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["no address"],
    ],
    ids=str,
)
async def test_what_is_private_and_what_does_not_exist_are_told_in_the_same_words(addresses: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        await check_url("https://shop.example/", (), resolving(addresses))

    text = (
        "The address cannot be used: it must be https:// on port 443 or 8443, without user name, and its name must "
        "exist and stand for public addresses alone (networks in NOVE_OUTBOUND_ALLOW are excepted)."
    )
    assert (caught.value.detail, caught.value.errors) == (text, (FieldError("url", text),))


@pytest.mark.parametrize(
    ("url", "addresses", "taken"),
    [
        ("http://127.0.0.1:9000/hook", [], True),
        ("http://[::1]:9000/hook", [], True),
        ("https://127.0.0.1/", [], True),
        ("http://local.example:81/", ["127.0.0.1", "::1"], True),
        ("http://local.example:81/", ["127.0.0.1", PUBLIC], False),
        ("https://mixed.example/", ["127.0.0.1", PUBLIC], True),
        ("http://public.example/", [PUBLIC], False),
        ("http://10.0.0.1/", [], False),
        ("http://[::ffff:127.0.0.1]/", [], False),
        ("http://user@127.0.0.1/", [], False),
        ("http://2130706433/", [], False),
    ],
)
async def test_networks_that_the_installation_names_are_excepted(url: str, addresses: list[str], taken: bool) -> None:
    if taken:
        await check_url(url, LOOPBACK, resolving(addresses))
    else:
        with pytest.raises(InvalidInput):
            await check_url(url, LOOPBACK, resolving(addresses))


async def test_the_machines_own_resolver_is_asked_by_default() -> None:
    with pytest.raises(InvalidInput):
        await check_url("https://localhost/", ())
    await check_url("http://localhost:81/", LOOPBACK)
