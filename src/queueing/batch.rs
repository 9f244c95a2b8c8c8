//! `M^[X]/G/1`: batches arrive in a Poisson stream, one server takes their calls one by one.

use super::error::{QueueingError, nonnegative, positive, stable};

/// A stable single-server queue, FIFO, to which calls come in batches. Times are those of a call, not of its
/// batch.
///
/// Source: Gross, Shortle, Thompson and Harris, *Fundamentals of Queueing Theory*, 4th ed. (2008), sections
/// 3.1 and 5.1; Burke, "Delays in single-server queues with batch input", *Operations Research* 23 (1975).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchArrivals {
    /// Calls, not batches, per second; from 0.
    pub arrival_per_s: f64,
    /// Mean calls a batch; above 0 (batches of nothing are allowed for).
    pub batch_mean: f64,
    /// Mean of the squared number of calls a batch; from `batch_mean`, since batches are whole numbers.
    pub batch_second_moment: f64,
    /// Mean service time of a call, in seconds; above 0.
    pub service_s: f64,
    /// Squared coefficient of variation of the service time; from 0 (1 for exponential: `M^[X]/M/1`).
    pub service_scv: f64,
}

impl BatchArrivals {
    /// Mean wait of a call, in seconds: for the server to finish what it found (as in M/G/1), and for its own
    /// batch before it.
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= 1`; `Invalid` for values out of range.
    pub fn wait_mean_s(&self) -> Result<f64, QueueingError> {
        let rho = nonnegative("arrival_per_s", self.arrival_per_s)? * positive("service_s", self.service_s)?;
        nonnegative("service_scv", self.service_scv)?;
        positive("batch_mean", self.batch_mean)?;
        let value = self.batch_second_moment;
        if !(value >= self.batch_mean && value >= self.batch_mean.powi(2) && value.is_finite()) {
            let wanted = "at least the mean and its square";
            return Err(QueueingError::Invalid { what: "batch_second_moment", value, wanted });
        }
        stable(rho, 1.0)?;
        let between = rho * self.service_s * (1.0 + self.service_scv);
        let within = self.service_s * (self.batch_second_moment / self.batch_mean - 1.0);
        Ok((between + within) / (2.0 * (1.0 - rho)))
    }

    /// Mean response of a call, in seconds.
    ///
    /// # Errors
    /// As [`Self::wait_mean_s`].
    pub fn response_mean_s(&self) -> Result<f64, QueueingError> {
        Ok(self.wait_mean_s()? + self.service_s)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Chain, Mg1, assert_near};
    use super::*;

    #[test]
    fn batches_of_one_are_an_mg1() {
        let single = BatchArrivals {
            arrival_per_s: 0.8,
            batch_mean: 1.0,
            batch_second_moment: 1.0,
            service_s: 1.0,
            service_scv: 3.0,
        };
        assert_near(single.wait_mean_s().unwrap(), Mg1::new(0.8, 1.0, 3.0).unwrap().wait_mean_s(), 1e-12);
    }

    #[test]
    fn batches_of_one_or_four_agree_with_the_markov_chain() {
        let (batches, sizes) = (0.25, [(1, 0.4), (4, 0.6)]);
        let (mean, second) = (0.4 + 4.0 * 0.6, 0.4 + 16.0 * 0.6);
        let chain = Chain::explore(0_u32, 10_000, |&n| {
            let mut next: Vec<_> =
                sizes.iter().filter(|_| n < 600).map(|&(size, share)| (n + size, batches * share)).collect();
            next.push((n.saturating_sub(1), 1.0));
            next
        });
        let law = chain.unwrap().solve().unwrap();
        let rate = batches * mean;
        let queue = BatchArrivals {
            arrival_per_s: rate,
            batch_mean: mean,
            batch_second_moment: second,
            service_s: 1.0,
            service_scv: 1.0,
        };
        assert_near(law.mean(|&n| f64::from(n)) / rate, queue.response_mean_s().unwrap(), 1e-9);
    }

    #[test]
    fn impossible_moments_are_errors() {
        let batch = BatchArrivals {
            arrival_per_s: 0.1,
            batch_mean: 3.0,
            batch_second_moment: 5.0,
            service_s: 1.0,
            service_scv: 1.0,
        };
        assert!(matches!(batch.wait_mean_s(), Err(QueueingError::Invalid { .. })));
        let full = BatchArrivals { arrival_per_s: 1.0, batch_second_moment: 9.0, ..batch };
        assert!(matches!(full.wait_mean_s(), Err(QueueingError::Unstable { .. })));
    }
}
