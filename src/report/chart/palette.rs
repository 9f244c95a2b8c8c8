//! Colours that stay apart for colour-blind readers and on a projector: Okabe and Ito's, and Tol's, darkened where they carry text.

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// Text and frames.
pub const INK: Rgb = (0x1A, 0x1A, 0x1A);
/// Lesser text.
pub const GREY: Rgb = (0x59, 0x59, 0x59);
/// Grid lines.
pub const GRID: Rgb = (0xE4, 0xE4, 0xE4);
/// The page.
pub const PAPER: Rgb = (0xFF, 0xFF, 0xFF);
/// Hatching where there is no steady state.
pub const HATCH: Rgb = (0xB0, 0xB0, 0xB0);
/// The band of a rule of thumb.
pub const RULE: Rgb = (0xF1, 0xEF, 0xE6);

/// The median.
pub const P50: Rgb = (0x3A, 0x96, 0xC8);
/// The 95th percentile: the one the eye should follow.
pub const P95: Rgb = (0x00, 0x4F, 0x8F);
/// The 99th percentile.
pub const P99: Rgb = (0xC6, 0x4A, 0x00);

/// Where it stops being fast.
pub const KNEE: Rgb = (0x00, 0x7D, 0x5A);
/// Objectives, and where they break.
pub const LIMIT: Rgb = (0x88, 0x22, 0x55);
/// The load that is expected.
pub const PEAK: Rgb = (0x1A, 0x1A, 0x1A);
/// Where the load is no longer carried, and asymptotes.
pub const SATURATION: Rgb = (0x59, 0x59, 0x59);

/// Resources, busiest first.
pub const RESOURCES: [Rgb; 3] = [(0xB0, 0x6C, 0x00), (0x33, 0x22, 0x88), (0x44, 0x99, 0x88)];
/// Kinds of errors, in the order of reports.
pub const ERRORS: [Rgb; 4] = [(0xC6, 0x4A, 0x00), (0x33, 0x22, 0x88), (0xB0, 0x6C, 0x00), (0x44, 0x99, 0x88)];
/// Throughput.
pub const THROUGHPUT: Rgb = (0x00, 0x4F, 0x8F);
/// Sides of a comparison: the one before, and up to three after.
pub const SIDES: [Rgb; 4] = [(0x59, 0x59, 0x59), (0x00, 0x4F, 0x8F), (0xC6, 0x4A, 0x00), (0x88, 0x22, 0x55)];
