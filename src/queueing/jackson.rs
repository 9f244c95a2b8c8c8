//! Open networks of M/M/c nodes with random routing (Jackson), tandems among them.

use super::closed::Servers;
use super::error::{QueueingError, nonnegative, positive};
use super::matrix::Matrix;
use super::mmc::Mmc;

/// A node of an open network; FIFO, exponential service.
#[derive(Clone, Debug, PartialEq)]
pub struct JacksonNode {
    /// Poisson arrivals from outside, per second; from 0.
    pub arrival_per_s: f64,
    /// Mean service time of a visit, in seconds; above 0.
    pub service_s: f64,
    /// Its servers.
    pub servers: Servers,
    /// `next[j]`: probability to go on to node `j`; what is missing to 1 leaves. May be shorter than the
    /// nodes.
    pub next: Vec<f64>,
}

/// One node in the steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeLoad {
    /// Arrivals per second, from outside and within.
    pub arrival_per_s: f64,
    /// Visits a request pays it on average.
    pub visits: f64,
    /// Busy share of its servers, in [0, 1); 0 where they are unlimited.
    pub utilization: f64,
    /// Mean wait of a visit, in seconds.
    pub wait_s: f64,
    /// Mean response of a visit, in seconds.
    pub response_s: f64,
    /// Mean number there.
    pub in_system: f64,
}

/// A stable open network in the steady state: each node is as if it stood alone.
///
/// Source: Jackson, "Networks of waiting lines", *Operations Research* 5 (1957); Harchol-Balter (2013),
/// chapter 17.
#[derive(Clone, Debug, PartialEq)]
pub struct JacksonNetwork {
    /// One a node, in their order.
    pub nodes: Vec<NodeLoad>,
    /// Requests that enter, and leave, per second.
    pub throughput_per_s: f64,
    /// Mean time of a request in the network, in seconds.
    pub response_s: f64,
}

impl JacksonNetwork {
    /// Solves the traffic equations and then every node.
    ///
    /// # Errors
    /// `Unstable` when a node is offered more than it can serve; `Invalid` for values out of range,
    /// probabilities that exceed 1 together, no arrivals at all, or a routing that some request never leaves.
    pub fn solve(nodes: &[JacksonNode]) -> Result<Self, QueueingError> {
        check(nodes)?;
        let outside: f64 = nodes.iter().map(|node| node.arrival_per_s).sum();
        let throughput_per_s = positive("arrivals of the network", outside)?;
        let arrivals = traffic(nodes)?;
        let nodes = nodes
            .iter()
            .zip(arrivals)
            .map(|(node, arrival_per_s)| node_load(node, arrival_per_s, arrival_per_s / throughput_per_s))
            .collect::<Result<Vec<_>, _>>()?;
        let response_s = nodes.iter().map(|node| node.in_system).sum::<f64>() / throughput_per_s;
        Ok(Self { nodes, throughput_per_s, response_s })
    }

    /// Nodes in a row, each visited once: `stations[i]` is the mean service time in seconds and the servers
    /// of node `i`.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn tandem(arrival_per_s: f64, stations: &[(f64, Servers)]) -> Result<Self, QueueingError> {
        let nodes: Vec<_> = stations
            .iter()
            .enumerate()
            .map(|(i, &(service_s, servers))| {
                let mut next = vec![0.0; stations.len()];
                if let Some(following) = next.get_mut(i + 1) {
                    *following = 1.0;
                }
                let arrival_per_s = if i == 0 { arrival_per_s } else { 0.0 };
                JacksonNode { arrival_per_s, service_s, servers, next }
            })
            .collect();
        Self::solve(&nodes)
    }
}

fn check(nodes: &[JacksonNode]) -> Result<(), QueueingError> {
    for node in nodes {
        nonnegative("arrival_per_s", node.arrival_per_s)?;
        positive("service_s", node.service_s)?;
        for &share in &node.next {
            nonnegative("routing probability", share)?;
        }
        let value: f64 = node.next.iter().sum();
        if value > 1.0 + 1e-12 || node.next.len() > nodes.len() {
            return Err(QueueingError::Invalid {
                what: "sum of the routing",
                value,
                wanted: "at most 1, over known nodes",
            });
        }
    }
    Ok(())
}

/// Arrivals at each node: the solution of `lambda = outside + lambda P`.
fn traffic(nodes: &[JacksonNode]) -> Result<Vec<f64>, QueueingError> {
    let routing = Matrix::from_fn(nodes.len(), |i, j| nodes[i].next.get(j).copied().unwrap_or(0.0));
    let outside: Vec<f64> = nodes.iter().map(|node| node.arrival_per_s).collect();
    let solved = Matrix::identity(nodes.len()).minus(&routing).transposed().solve(&outside);
    // A trap makes the equations singular, or, within rounding, their solution huge or negative.
    solved
        .filter(|rates| rates.iter().all(|rate| (-1e-9..1e15).contains(rate)))
        .map(|rates| rates.into_iter().map(|rate| rate.max(0.0)).collect())
        .ok_or(QueueingError::Invalid {
            what: "probability to leave",
            value: 0.0,
            wanted: "above 0 from every node",
        })
}

fn node_load(node: &JacksonNode, arrival_per_s: f64, visits: f64) -> Result<NodeLoad, QueueingError> {
    let (utilization, wait_s) = match node.servers {
        Servers::Unlimited => (0.0, 0.0),
        Servers::Limited(servers) => {
            let queue = Mmc::new(arrival_per_s, node.service_s, servers)?;
            (queue.utilization(), queue.wait_mean_s())
        }
    };
    let response_s = wait_s + node.service_s;
    Ok(NodeLoad {
        arrival_per_s,
        visits,
        utilization,
        wait_s,
        response_s,
        in_system: arrival_per_s * response_s,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Chain, Mm1, assert_near};
    use super::*;

    const ONE: Servers = Servers::Limited(1);

    #[test]
    fn a_tandem_adds_up_its_queues() {
        let network =
            JacksonNetwork::tandem(0.8, &[(1.0, ONE), (0.5, ONE), (3.0, Servers::Unlimited)]).unwrap();
        let sum = Mm1::new(0.8, 1.0).unwrap().response_mean_s()
            + Mm1::new(0.8, 0.5).unwrap().response_mean_s()
            + 3.0;
        assert_near(network.response_s, sum, 1e-12);
    }

    #[test]
    fn feedback_multiplies_the_visits() {
        let node = JacksonNode { arrival_per_s: 0.2, service_s: 1.0, servers: ONE, next: vec![0.75] };
        let network = JacksonNetwork::solve(&[node]).unwrap();
        assert_near(network.nodes[0].visits, 4.0, 1e-13);
        assert_near(network.nodes[0].utilization, 0.8, 1e-13);
        assert_near(network.response_s, 4.0 * 5.0, 1e-11);
    }

    #[test]
    fn two_nodes_with_feedback_agree_with_the_markov_chain() {
        let nodes = [
            JacksonNode {
                arrival_per_s: 0.4,
                service_s: 1.0,
                servers: Servers::Limited(2),
                next: vec![0.1, 0.5],
            },
            JacksonNode { arrival_per_s: 0.1, service_s: 0.8, servers: ONE, next: vec![0.3] },
        ];
        let network = JacksonNetwork::solve(&nodes).unwrap();
        let chain = Chain::explore((0_u32, 0_u32), 100_000, |&(a, b)| {
            let mut next = vec![];
            if a + b < 100 {
                next.extend([((a + 1, b), 0.4), ((a, b + 1), 0.1)]);
            }
            if a > 0 {
                let rate = f64::from(a.min(2));
                next.push(((a - 1, b), rate * 0.4));
                next.push(((a - 1, b + 1), rate * 0.5));
            }
            if b > 0 {
                next.push(((a, b - 1), 0.7 / 0.8));
                next.push(((a + 1, b - 1), 0.3 / 0.8));
            }
            next
        });
        let law = chain.unwrap().solve().unwrap();
        assert_near(network.nodes[0].in_system, law.mean(|s| f64::from(s.0)), 1e-8);
        assert_near(network.nodes[1].in_system, law.mean(|s| f64::from(s.1)), 1e-8);
    }

    #[test]
    fn traps_overload_and_bad_shares_are_errors() {
        let node =
            |share: f64| JacksonNode { arrival_per_s: 0.2, service_s: 1.0, servers: ONE, next: vec![share] };
        assert!(matches!(JacksonNetwork::solve(&[node(1.0)]), Err(QueueingError::Invalid { .. })));
        assert!(matches!(JacksonNetwork::solve(&[node(0.9)]), Err(QueueingError::Unstable { .. })));
        assert!(matches!(JacksonNetwork::solve(&[node(1.1)]), Err(QueueingError::Invalid { .. })));
        assert!(JacksonNetwork::solve(&[]).is_err());
    }
}
