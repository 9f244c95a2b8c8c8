//! The knee of an M/M/c: where Kleinrock's power, throughput over response time, is largest.

use super::error::{QueueingError, at_least_one, nonnegative};
use super::mmc::Mmc;
use super::numeric::argmax;

/// The response time that power is taken with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KneeBy {
    /// The mean.
    Mean,
    /// The value not exceeded with this probability, in [0, 1).
    Quantile(f64),
}

/// Utilisation, in (0, 1), at which an M/M/c has the most power. One half for one server, by mean or any
/// quantile; it moves right as servers are added.
///
/// Accurate to about 1e-6: the top is flat.
///
/// # Errors
/// `Invalid` for no servers or a quantile outside [0, 1).
///
/// Source: Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in computer
/// communications", ICC 1979.
pub fn power_knee(servers: u32, by: KneeBy) -> Result<f64, QueueingError> {
    let capacity = at_least_one("servers", servers)?;
    if let KneeBy::Quantile(p) = by {
        nonnegative("quantile", p)?;
        if p >= 1.0 {
            return Err(QueueingError::Invalid { what: "quantile", value: p, wanted: "below 1" });
        }
    }
    let response = |rho: f64| {
        let queue = Mmc::new(rho * capacity, 1.0, servers).expect("utilisation is within (0, 1)");
        match by {
            KneeBy::Mean => queue.response_mean_s(),
            KneeBy::Quantile(p) => queue.response_quantile_s(p),
        }
    };
    Ok(argmax(1e-6, 1.0 - 1e-9, |rho| rho / response(rho)))
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;

    #[test]
    fn one_server_is_best_half_busy_by_mean_and_by_quantile() {
        for by in [KneeBy::Mean, KneeBy::Quantile(0.5), KneeBy::Quantile(0.95)] {
            assert_near(power_knee(1, by).unwrap(), 0.5, 1e-6);
        }
    }

    #[test]
    fn two_servers_are_best_at_one_over_root_three() {
        // Response m / (1 - rho^2): rho (1 - rho^2) is largest where 3 rho^2 = 1.
        assert_near(power_knee(2, KneeBy::Mean).unwrap(), (1.0_f64 / 3.0).sqrt(), 1e-6);
    }

    #[test]
    fn knee_moves_right_as_servers_are_added() {
        for by in [KneeBy::Mean, KneeBy::Quantile(0.95)] {
            let knees: Vec<f64> = [1, 2, 4, 16, 64].map(|c| power_knee(c, by).unwrap()).into();
            assert!(knees.is_sorted() && knees[4] > 0.8, "{knees:?}");
        }
    }

    #[test]
    fn no_servers_or_a_certain_quantile_is_an_error() {
        assert!(power_knee(0, KneeBy::Mean).is_err() && power_knee(1, KneeBy::Quantile(1.0)).is_err());
    }
}
