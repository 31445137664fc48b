//! The price list that the estimate is made from: built in, or a file of the same shape.

use std::collections::BTreeMap;

use serde::Deserialize;

/// List prices at one date: Fargate (Linux, x86) and RDS for PostgreSQL in one availability zone, by the hour.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The date of the list, as people read it: `2026-11`.
    pub as_of: String,
    /// The currency of every price: `USD`.
    pub currency: String,
    /// Prices by the region's name: `eu-central-1`.
    pub regions: BTreeMap<String, RegionPrices>,
}

/// Prices of one region, each for one hour.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionPrices {
    /// One vCPU for an hour.
    pub fargate_vcpu_hour: f64,
    /// One GB of memory for an hour.
    pub fargate_gb_hour: f64,
    /// One database instance for an hour, by class.
    #[serde(default)]
    pub rds_instance_hour: BTreeMap<String, f64>,
}

/// Why a text is not a price list.
#[derive(Debug, thiserror::Error)]
#[error("not a price list: {0}")]
pub struct PriceError(String);

impl Prices {
    /// The list that this program was built with.
    pub fn built_in() -> Self {
        Self::read(include_str!("prices.toml")).expect("a test reads the table of this repository")
    }

    /// Reads a list in the shape of `src/report/schedule/prices.toml`.
    ///
    /// # Errors
    /// When the text is not TOML of that shape, or a price is negative.
    pub fn read(text: &str) -> Result<Self, PriceError> {
        let prices: Self = toml::from_str(text).map_err(|error| PriceError(error.message().to_owned()))?;
        let all = prices.regions.values().flat_map(|region| {
            let fixed = [region.fargate_vcpu_hour, region.fargate_gb_hour];
            fixed.into_iter().chain(region.rds_instance_hour.values().copied())
        });
        match all.into_iter().find(|price| !price.is_finite() || *price < 0.0) {
            Some(price) => Err(PriceError(format!("{price} is not a price"))),
            None => Ok(prices),
        }
    }
}
