//! Where a migration's task is placed, as the journal writes it.

use serde::{Deserialize, Serialize};

use crate::cloud::{Placement, ProviderShare};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WirePlacement {
    LaunchType(String),
    Providers(Vec<WireShare>),
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireShare {
    name: String,
    weight: i32,
    base: i32,
}

impl From<&Placement> for WirePlacement {
    fn from(placement: &Placement) -> Self {
        match placement.clone() {
            Placement::LaunchType(name) => WirePlacement::LaunchType(name),
            Placement::Providers(shares) => {
                let shares = shares.into_iter();
                let shares =
                    shares.map(|ProviderShare { name, weight, base }| WireShare { name, weight, base });
                WirePlacement::Providers(shares.collect())
            }
        }
    }
}

impl From<WirePlacement> for Placement {
    fn from(placement: WirePlacement) -> Self {
        match placement {
            WirePlacement::LaunchType(name) => Placement::LaunchType(name),
            WirePlacement::Providers(shares) => {
                let shares = shares.into_iter();
                let shares =
                    shares.map(|WireShare { name, weight, base }| ProviderShare { name, weight, base });
                Placement::Providers(shares.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A request that is sent again after years names the same place.
    #[test]
    fn the_words_stay_and_mean_the_same() {
        let shares = vec![ProviderShare { name: "shop-ec2".to_owned(), weight: 1, base: 1 }];
        for (placement, words) in [
            (Placement::LaunchType("FARGATE".to_owned()), json!({"launch-type": "FARGATE"})),
            (
                Placement::Providers(shares),
                json!({"providers": [{"name": "shop-ec2", "weight": 1, "base": 1}]}),
            ),
        ] {
            assert_eq!(serde_json::to_value(WirePlacement::from(&placement)).unwrap(), words);
            let read: WirePlacement = serde_json::from_value(words).unwrap();
            assert_eq!(Placement::from(read), placement);
        }
    }
}
