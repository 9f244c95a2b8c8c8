//! Labels that keep out of each other's way.

use super::canvas::Rect;

/// Moves heights apart until neighbours are at least `gap` from each other, all within `low ..= high` where there is room.
///
/// The result is the closest to the wishes in the sense of least squares, in the order of the wishes (pooled neighbours).
pub fn spread(wishes: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    order.sort_by(|a, b| wishes[*a].total_cmp(&wishes[*b]));
    // With the gaps taken out, "apart" becomes "not descending": the problem of isotonic regression.
    let last = wishes.len().saturating_sub(1) as f64 * gap;
    let bare = |rank: usize| wishes[order[rank]] - rank as f64 * gap;
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for rank in 0..order.len() {
        let mut pool = (bare(rank), 1);
        while let Some(&(mean, count)) = pools.last().filter(|(mean, _)| *mean > pool.0) {
            pool = ((mean * count as f64 + pool.0 * pool.1 as f64) / (count + pool.1) as f64, count + pool.1);
            pools.pop();
        }
        pools.push(pool);
    }
    let mut placed = vec![0.0; wishes.len()];
    let means = pools.iter().flat_map(|(mean, count)| std::iter::repeat_n(*mean, *count));
    for (rank, mean) in means.enumerate() {
        placed[order[rank]] = mean.clamp(low, (high - last).max(low)) + rank as f64 * gap;
    }
    placed
}

/// Between a text and the line it stands beside.
const BESIDE: f64 = 6.0;
/// Around a text, where no other text or line may be.
const AIR: f64 = 4.0;

/// A label that belongs to a position on the x axis and stands in a row above it, joined by a line.
#[derive(Clone, Copy, Debug)]
pub struct Pennant {
    /// The position it belongs to.
    pub x: f64,
    pub width: f64,
}

/// Where a pennant stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// Left edge of its text.
    pub left: f64,
    /// 0 is the row next to the panel.
    pub row: usize,
}

/// Puts pennants into as few rows as keep their texts and the lines below them apart, within `low ..= high`.
///
/// Tries every combination, of which there are few: a chart names four loads at most.
pub fn pennants(wanted: &[Pennant], low: f64, high: f64) -> Vec<Placed> {
    let search = |rows| {
        let mut placed = Vec::new();
        place(wanted, rows, (low, high), &mut placed).then_some(placed)
    };
    let stacked = || wanted.iter().enumerate().map(|(row, _)| Placed { left: low, row }).collect();
    (1..=wanted.len()).find_map(search).unwrap_or_else(stacked)
}

/// Adds places for the rest of the pennants; `false`, with nothing added, where there is no room in so many rows.
fn place(wanted: &[Pennant], rows: usize, sides: (f64, f64), placed: &mut Vec<Placed>) -> bool {
    let Some(pennant) = wanted.get(placed.len()) else { return true };
    for row in 0..rows {
        for left in lefts(pennant, sides.0, sides.1) {
            let candidate = Placed { left, row };
            if placed.iter().zip(wanted).all(|(other, of)| apart((pennant, &candidate), (of, other))) {
                placed.push(candidate);
                if place(wanted, rows, sides, placed) {
                    return true;
                }
                placed.pop();
            }
        }
    }
    false
}

/// Neither text covers the other, nor the line of the other.
fn apart(one: (&Pennant, &Placed), other: (&Pennant, &Placed)) -> bool {
    let (a, b) = (area(one.0, one.1), area(other.0, other.1));
    !a.overlaps(&b) && !pole(one.0, one.1).overlaps(&b) && !pole(other.0, other.1).overlaps(&a)
}

/// Left edges to try: around the position, then beside its line on the left, then on the right.
fn lefts(pennant: &Pennant, low: f64, high: f64) -> [f64; 3] {
    let within = |left: f64| left.clamp(low, (high - pennant.width).max(low));
    [pennant.x - pennant.width / 2.0, pennant.x - pennant.width - BESIDE, pennant.x + BESIDE].map(within)
}

/// The text with some air, one unit a row.
fn area(pennant: &Pennant, at: &Placed) -> Rect {
    let row = at.row as f64;
    Rect { left: at.left - AIR, right: at.left + pennant.width + AIR, top: -row - 1.0, bottom: -row }
}

/// The line from the text down to the panel.
fn pole(pennant: &Pennant, at: &Placed) -> Rect {
    Rect { left: pennant.x - 1.0, right: pennant.x + 1.0, top: -(at.row as f64), bottom: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_move_apart_as_little_as_they_must() {
        assert_eq!(spread(&[100.0, 50.0], 20.0, 0.0, 200.0), [100.0, 50.0]);
        assert_eq!(spread(&[100.0, 100.0], 20.0, 0.0, 200.0), [90.0, 110.0]);
        assert_eq!(spread(&[1.0, 2.0, 3.0], 20.0, 0.0, 200.0), [0.0, 20.0, 40.0]);
        assert_eq!(spread(&[199.0, 198.0], 20.0, 0.0, 200.0), [200.0, 180.0]);
        assert!(spread(&[], 20.0, 0.0, 200.0).is_empty());
    }

    #[test]
    fn pennants_stay_apart_and_keep_clear_of_each_others_lines() {
        let wanted = [500.0, 700.0, 720.0, 725.0].map(|x| Pennant { x, width: 220.0 });
        let placed = pennants(&wanted, 80.0, 1180.0);
        for (i, a) in placed.iter().enumerate() {
            assert!(a.left >= 80.0 && a.left + 220.0 <= 1180.0);
            for (j, b) in placed.iter().enumerate().filter(|(j, _)| *j != i) {
                assert!(!area(&wanted[i], a).overlaps(&area(&wanted[j], b)));
                assert!(!pole(&wanted[i], a).overlaps(&area(&wanted[j], b)));
            }
        }
    }
}
