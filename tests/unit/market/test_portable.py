"""The portable exponential and logarithm agree with the library's and are the same everywhere."""

import hashlib

import numpy as np

from crossmargin.market.portable import exp_of_small, exp_portable, log_portable


def test_exponential_agrees_with_the_library_to_a_few_units_in_the_last_place():
    x = np.linspace(-30.0, 30.0, 60_001)
    assert np.max(np.abs(exp_portable(x) / np.exp(x) - 1.0)) < 1e-15


def test_logarithm_agrees_with_the_library():
    x = np.exp(np.linspace(-20.0, 20.0, 40_001))
    assert np.max(np.abs(log_portable(x) - np.log(x))) < 1e-14


def test_exponential_of_small_arguments_is_within_its_stated_error():
    x = np.linspace(-1.0, 1.0, 20_001)
    out = np.empty_like(x)
    exp_of_small(x, out)
    assert np.max(np.abs(out - np.exp(x))) < 1e-10


def test_bits_do_not_depend_on_the_machine():
    # The digests were made on one machine; any other must repeat them, whatever its kernels.
    x = np.arange(-1000, 1001) / 64.0
    digest = hashlib.sha256(exp_portable(x).astype("<f8").tobytes()).hexdigest()
    assert digest == EXP_DIGEST
    logs = hashlib.sha256(log_portable(1.0 + np.arange(2000) / 7.0).astype("<f8").tobytes())
    assert logs.hexdigest() == LOG_DIGEST


EXP_DIGEST = "fb7a64884012afe887f938870ea1c452084bd97a6937cffec9f385544076a96f"
LOG_DIGEST = "a8df3bc72f93f1f8a775ce2b225857b714d17f8a1227008c33749f5a88d7afa1"
