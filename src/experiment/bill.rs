//! What a model costs.

use serde::Serialize;

use crate::model::Model;

/// Hours in a month, as clouds bill them: 365 days by 24 hours over 12.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// Money a month, and for what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// `$`, `EUR`: as the file writes it.
    pub currency: String,
    /// In all.
    pub per_month: f64,
    /// By place, in the order of the model; those that cost nothing are left out.
    pub by_place: Vec<(String, f64)>,
}

impl Bill {
    /// What the replicas, instances and nodes of a model cost; `None` where no price is stated.
    #[must_use]
    pub fn of(model: &Model) -> Option<Self> {
        let priced = model.places.iter().filter_map(|place| Some((place, place.cost_per_hour.as_ref()?)));
        let rows: Vec<(String, f64)> = priced
            .clone()
            .map(|(place, cost)| {
                (place.name.clone(), cost.amount * place.members.len() as f64 * HOURS_PER_MONTH)
            })
            .collect();
        let (_, first) = priced.into_iter().next()?;
        let per_month = rows.iter().map(|(_, amount)| amount).sum();
        Some(Self { currency: first.currency.clone(), per_month, by_place: rows })
    }

    /// Of a million right answers at a throughput per second.
    #[must_use]
    pub fn per_million(&self, throughput_per_s: f64) -> f64 {
        self.per_month / (throughput_per_s * 3_600.0 * HOURS_PER_MONTH) * 1e6
    }
}
