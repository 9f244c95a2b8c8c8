"""W3, the tiered shop of models/workloads/w3.yaml, in SimPy: a yardstick for those who would write it there.

    pip install simpy
    python3 benches/w3.py 100000

Prints microseconds a request, and mean and p99 of the response time, which are 23.75 ms and 103.6 ms in the long run.
"""

import math
import random
import sys
import time

import simpy

RATE_PER_S = 4_000.0
WRITES = 0.2
HITS = 0.8


def lognormal(rng, mean, cv):
    """A lognormal time by its mean (s) and coefficient of variation."""
    variance = math.log(1 + cv * cv)
    return rng.lognormvariate(math.log(mean) - variance / 2, math.sqrt(variance))


class Shop:
    """Servers in front of a cache and, by shared connections, of a database with two read replicas."""

    def __init__(self, env, seed):
        self.env, self.rng = env, random.Random(seed)
        self.web = [simpy.Resource(env, 32) for _ in range(4)]
        self.cache = simpy.Resource(env, 64)
        self.connections = simpy.Resource(env, 40)
        self.primary = simpy.Resource(env, 8)
        self.replicas = [simpy.Resource(env, 8) for _ in range(2)]
        self.responses_s = []

    def requests(self, number):
        """Poisson arrivals."""
        for serial in range(number):
            self.env.process(self.request(self.web[serial % 4]))
            yield self.env.timeout(self.rng.expovariate(RATE_PER_S))

    def request(self, workers):
        """One request, which holds its worker to the end."""
        arrived = self.env.now
        with workers.request() as worker:
            yield worker
            yield self.env.timeout(lognormal(self.rng, 0.020, 1))
            writes = self.rng.random() < WRITES
            if writes:
                yield from self.query(self.primary)
            else:
                with self.cache.request() as slot:
                    yield slot
                    yield self.env.timeout(self.rng.expovariate(1 / 0.0005))
                if self.rng.random() >= HITS:
                    yield from self.query(self.rng.choice(self.replicas))
        self.responses_s.append(self.env.now - arrived)

    def query(self, servers):
        """A query over a shared connection."""
        with self.connections.request() as connection:
            yield connection
            with servers.request() as server:
                yield server
                yield self.env.timeout(lognormal(self.rng, 0.008, 1))


def main():
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    env = simpy.Environment()
    shop = Shop(env, seed=1)
    env.process(shop.requests(number))
    began = time.perf_counter()
    env.run()
    elapsed = time.perf_counter() - began
    responses = sorted(shop.responses_s)
    mean, p99 = sum(responses) / number, responses[int(0.99 * number)]
    print(f"{elapsed / number * 1e6:.1f} us a request; mean {mean * 1e3:.2f} ms, p99 {p99 * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
