//! Erlang's two formulas: the share that is lost, and the share that waits.

use super::error::{QueueingError, at_least_one, nonnegative, stable};

/// Probability that an arrival finds all servers of an M/G/c/c loss system busy (Erlang B).
///
/// `offered` is the load in erlangs (arrival rate x mean service time), any value from 0; the service
/// distribution matters only by its mean. The answer lies in [0, 1]; `servers = 0` loses everything. By the
/// recurrence `B(k) = a B(k-1) / (k + a B(k-1))`, which neither overflows nor cancels.
///
/// # Errors
/// `Invalid` when `offered` is negative or not finite.
///
/// Source: Kleinrock, *Queueing Systems* I (1975), section 3.6; Harchol-Balter, *Performance Modeling and
/// Design of Computer Systems* (2013), chapter 14.
pub fn erlang_b(offered: f64, servers: u32) -> Result<f64, QueueingError> {
    let offered = nonnegative("offered", offered)?;
    Ok((1..=servers).fold(1.0, |lost, k| offered * lost / (f64::from(k) + offered * lost)))
}

/// Probability that an arrival waits in an M/M/c queue (Erlang C).
///
/// `offered` is the load in erlangs (arrival rate x mean service time), `servers` the number of servers; the
/// answer lies in [0, 1]. Computed from Erlang B, which does not overflow for large `servers`.
///
/// # Errors
/// `Unstable` when `offered >= servers`: the queue has no steady state. `Invalid` for a negative load or no
/// server.
///
/// Source: Harchol-Balter (2013), chapter 14.
pub fn erlang_c(offered: f64, servers: u32) -> Result<f64, QueueingError> {
    let capacity = at_least_one("servers", servers)?;
    let lost = erlang_b(offered, servers)?;
    stable(offered, capacity)?;
    Ok(capacity * lost / (capacity - offered * (1.0 - lost)))
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;

    #[test]
    fn erlang_b_agrees_with_the_published_traffic_tables() {
        // Loads that lose 1 %, from the standard Erlang B tables (three to four figures).
        for (servers, offered) in [(1, 0.0101), (10, 4.46), (20, 12.03), (100, 84.06)] {
            assert_near(erlang_b(offered, servers).unwrap(), 0.01, 1e-4);
        }
    }

    #[test]
    fn erlang_b_agrees_with_its_defining_sum() {
        let (a, c) = (7.3_f64, 9);
        let terms: Vec<f64> = (0..=c)
            .scan(1.0, |term, k| {
                let now = *term;
                *term *= a / f64::from(k + 1);
                Some(now)
            })
            .collect();
        assert_near(erlang_b(a, c).unwrap(), terms[c as usize] / terms.iter().sum::<f64>(), 1e-14);
    }

    #[test]
    fn erlang_c_of_one_server_is_its_utilisation_and_of_two_is_known() {
        assert_near(erlang_c(0.9, 1).unwrap(), 0.9, 1e-14);
        // Two servers: C = 2 rho^2 / (1 + rho), so a third at rho = 1/2.
        assert_near(erlang_c(1.0, 2).unwrap(), 1.0 / 3.0, 1e-14);
    }

    #[test]
    fn a_hundred_thousand_servers_do_not_overflow() {
        let waits = erlang_c(99_900.0, 100_000).unwrap();
        assert!(waits > 0.5 && waits < 1.0, "{waits}");
    }

    #[test]
    fn overload_is_an_error_and_not_a_number() {
        assert_eq!(erlang_c(2.0, 2), Err(QueueingError::Unstable { offered: 2.0, capacity: 2.0 }));
        assert!(erlang_c(-1.0, 2).is_err() && erlang_c(0.0, 0).is_err());
    }
}
