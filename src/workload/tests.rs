//! Processes against their rates, dispersions and stationary starts.
