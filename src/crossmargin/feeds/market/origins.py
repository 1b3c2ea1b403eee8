"""Where the project's own data files were found, by file name.

A file of another name has the publisher of its table and no stated origin.
"""

from __future__ import annotations

from collections.abc import Mapping

_STRATA = "OpenGamma/Strata@39c46e3 historical-fixings/usd-fed-fund.csv"
_RAYLIA = "raylia529/market-indicators-dashboard@23e1b33"
_QIE = "qie2003/treasury-yield-forecast@b8a6a97"
_PYFEDWATCH = "ARahimiQuant/pyfedwatch@aa6d69b"

#: Repository and path on github.com, or the package, that a file's figures were taken from.
ORIGINS: Mapping[str, str] = {
    "ust_par_yield_curve_daily.csv.gz": (
        "by row: A_cheval Cheval-Paresseux/ChevalParesseux-lib@3b93152"
        " Data/Rates/yield-curve-rates-1990-2024.csv;"
        " B_deerfield deerfieldgreen/us-department-treasury@e5688e5 data/daily-treasury-rates.csv;"
        " C_evanwu evanwu888/yield-curve-rv@dec2e75 data/ust_yields.csv;"
        " D_batsco Deluxejob/BATS-CO@9a0f73c data/treasury_yields.csv"
    ),
    "fred_dgs10_dgs2_spreads_daily.csv.gz": (
        f"{_QIE} data/DGS10.csv, T10Y2Y.csv, T10Y3M.csv; DGS2 {_RAYLIA}"
    ),
    "sofr_daily.csv": f"{_QIE} data/SOFR.csv",
    "fed_funds_target_and_effr_daily.csv.gz": (
        f"target {_RAYLIA} data/fed-funds-rate.csv; effective rate {_STRATA}"
    ),
    "fomc_decisions.csv": f"{_PYFEDWATCH} data/fomc/fomc_data.xlsx",
    "move_index_daily.csv": f"{_RAYLIA} data/move.csv",
    "treasury_futures_continuous_daily.csv.gz": (
        "Cheval-Paresseux/ChevalParesseux-lib@3b93152 Data/Rates;"
        " TN nlifors/DeepTrader@6762ab3 data/TN=F.csv"
    ),
    "zq_fed_funds_futures_by_contract.csv.gz": f"{_PYFEDWATCH} data/contracts",
    "cme_treasury_futures_margin_history.csv": "QuantConnect/Lean Data/future/cbot/margins",
    "cftc_tff_rates_2025.csv.gz": (
        "LDyaoshengchen/jobrunner-weekly-market-analysis@4869071 assets/fut_fin_txt_2025.zip"
    ),
    "treasury_auctions_2008_2022.csv.gz": (
        "dharmatech/treasury-direct-treasury-auctions@37b173b data.csv"
    ),
    "treasury_auction_prices_1980_2024.csv.gz": "js5810/TreasuryAuction@826b54a data",
    "cme_security_database_2025-03-13.csv": "tmglimp/commas@1307b5d TCF.xlsx",
    "cme_conversion_factors_basket_2025-03-13.csv": (
        "tmglimp/commas@1307b5d TCF.xlsx, sheet Conversion Factors"
    ),
    "cme_conversion_factor_lookup_grid.csv.gz": (
        "tmglimp/commas@69486ce treasury-futures-conversion-factor-look-up-tables.xlsm"
    ),
    "fedinvest_prices_2026-03-24.csv": (
        "aerokam/Treasuries@3a639eb Yields/data/PriceYields20260324.csv"
    ),
    "treasury_quotes_fidelity_2026-03-25.csv": "aerokam/Treasuries@082cd88",
    "treasury_etf_closes.csv.gz": "Deluxejob/BATS-CO@9a0f73c data/tlt.csv, data/ratios",
    "market_holidays_2000_2030.csv.gz": (
        "QuantLib 1.44, pandas_market_calendars 5.5.0, exchange_calendars 4.13.2"
    ),
    "sifma_us_holidays_2026_2027.csv": "aerokam/Treasuries",
}
