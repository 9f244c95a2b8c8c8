//! Fork-join: a request is done when both of its calls are.

use super::error::{QueueingError, nonnegative, positive, stable};

/// Mean response, in seconds, of requests that fork into two calls, one to each of two equal exponential
/// single servers, FIFO, and join when both are done: `(12 - rho) / 8` times the response of an M/M/1.
///
/// `arrival_per_s` requests per second (from 0, Poisson), `service_s` the mean service time of a call in
/// seconds (above 0).
///
/// # Errors
/// `Unstable` when `arrival_per_s * service_s >= 1`; `Invalid` for arguments out of range.
///
/// Source: Flatto and Hahn, *SIAM Journal on Applied Mathematics* 44 (1984); Nelson and Tantawi, *IEEE
/// Transactions on Computers* 37 (1988).
pub fn fork_join_of_two(arrival_per_s: f64, service_s: f64) -> Result<f64, QueueingError> {
    let rho = nonnegative("arrival_per_s", arrival_per_s)? * positive("service_s", service_s)?;
    stable(rho, 1.0)?;
    Ok((12.0 - rho) / 8.0 * service_s / (1.0 - rho))
}

#[cfg(test)]
mod tests {
    use super::super::{Chain, assert_near};
    use super::*;

    #[test]
    fn an_idle_pair_takes_the_longer_of_two_exponentials() {
        assert_near(fork_join_of_two(0.0, 2.0).unwrap(), 3.0, 1e-14);
    }

    #[test]
    fn agrees_with_the_markov_chain() {
        // Under FIFO the unfinished requests are those of the longer queue.
        let rate = 0.6;
        let chain = Chain::explore((0_u16, 0_u16), 100_000, |&(a, b)| {
            let mut next = Vec::new();
            if a.max(b) < 80 {
                next.push(((a + 1, b + 1), rate))
            }
            if a > 0 {
                next.push(((a - 1, b), 1.0))
            }
            if b > 0 {
                next.push(((a, b - 1), 1.0))
            }
            next
        });
        let law = chain.unwrap().solve().unwrap();
        assert_near(
            law.mean(|&(a, b)| f64::from(a.max(b))) / rate,
            fork_join_of_two(rate, 1.0).unwrap(),
            1e-8,
        );
    }

    #[test]
    fn a_full_pair_is_an_error() {
        assert!(fork_join_of_two(1.0, 1.0).is_err());
    }
}
