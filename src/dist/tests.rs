//! Laws against their moments, distribution functions and an independent library.
