"""Digests see values, not order or spaces; floats never reach one."""

import pytest

from crossmargin.basics.digest import canonical_json, digest_of


def test_the_order_of_keys_does_not_matter_and_that_of_items_does():
    assert digest_of({"a": 1, "b": "2"}) == digest_of({"b": "2", "a": 1})
    assert digest_of(["a", "b"]) != digest_of(["b", "a"])


def test_a_known_digest():
    # sha256 of the bytes {"a":["x",null,true]}
    assert canonical_json({"a": ["x", None, True]}) == '{"a":["x",null,true]}'
    assert digest_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("document", [1.5, {"a": 0.1}, [1, [2.0]], {1: "a"}, {"a": {1}}])
def test_floats_and_other_strangers_are_refused(document):
    with pytest.raises(TypeError):
        digest_of(document)
