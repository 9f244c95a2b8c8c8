//! Small dense square matrices, by rows.

use std::ops::{Index, IndexMut};

/// A square matrix; `m[(row, column)]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) size: usize,
    cells: Vec<f64>,
}

impl Matrix {
    pub(super) fn from_fn(size: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        Self { size, cells: (0..size * size).map(|i| f(i / size, i % size)).collect() }
    }

    pub(super) fn identity(size: usize) -> Self {
        Self::from_fn(size, |i, j| f64::from(u8::from(i == j)))
    }

    /// Cells of one row.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.cells[row * self.size..(row + 1) * self.size]
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self::from_fn(self.size, |i, j| (0..self.size).map(|k| self[(i, k)] * other[(k, j)]).sum())
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self::from_fn(self.size, |i, j| self[(i, j)] + other[(i, j)])
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        Self::from_fn(self.size, |i, j| self[(i, j)] - other[(i, j)])
    }

    /// The row vector `v` times this matrix.
    pub(super) fn after(&self, v: &[f64]) -> Vec<f64> {
        (0..self.size).map(|j| (0..self.size).map(|i| v[i] * self[(i, j)]).sum()).collect()
    }

    /// The column vector `x` with `self x = right`, by Gaussian elimination with row exchanges; `None` if
    /// singular.
    pub(super) fn solve(&self, right: &[f64]) -> Option<Vec<f64>> {
        let n = self.size;
        let mut a = self.clone();
        let mut x = right.to_vec();
        for k in 0..n {
            let pivot = (k..n).max_by(|&i, &j| a[(i, k)].abs().total_cmp(&a[(j, k)].abs()))?;
            if a[(pivot, k)] == 0.0 || !a[(pivot, k)].is_finite() {
                return None;
            }
            if pivot != k {
                (0..n).for_each(|j| a.cells.swap(pivot * n + j, k * n + j));
                x.swap(pivot, k);
            }
            for i in k + 1..n {
                let factor = a[(i, k)] / a[(k, k)];
                (k..n).for_each(|j| a[(i, j)] -= factor * a[(k, j)]);
                x[i] -= factor * x[k];
            }
        }
        for k in (0..n).rev() {
            let known: f64 = (k + 1..n).map(|j| a[(k, j)] * x[j]).sum();
            x[k] = (x[k] - known) / a[(k, k)];
        }
        Some(x)
    }

    /// The inverse; `None` if singular.
    pub(super) fn inverse(&self) -> Option<Self> {
        let unit = Self::identity(self.size);
        let columns: Option<Vec<_>> = (0..self.size).map(|j| self.solve(unit.row(j))).collect();
        let columns = columns?;
        Some(Self::from_fn(self.size, |i, j| columns[j][i]))
    }

    /// The transpose.
    pub(super) fn transposed(&self) -> Self {
        Self::from_fn(self.size, |i, j| self[(j, i)])
    }
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (row, column): (usize, usize)) -> &f64 {
        &self.cells[row * self.size + column]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut f64 {
        &mut self.cells[row * self.size + column]
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;

    #[test]
    fn inverse_undoes_even_where_rows_must_be_exchanged() {
        let m = Matrix::from_fn(3, |i, j| [[0.0, 2.0, 1.0], [1.0, 0.0, 3.0], [4.0, 1.0, 0.0]][i][j]);
        let product = m.times(&m.inverse().unwrap());
        for i in 0..3 {
            for j in 0..3 {
                assert_near(product[(i, j)], Matrix::identity(3)[(i, j)], 1e-14);
            }
        }
        assert_eq!(Matrix::from_fn(2, |_, _| 1.0).inverse(), None);
    }

    #[test]
    fn row_vectors_multiply_from_the_left() {
        let m = Matrix::from_fn(2, |i, j| (2 * i + j) as f64);
        assert_eq!(m.after(&[1.0, 10.0]), [20.0, 31.0]);
        assert_eq!(m.transposed()[(0, 1)], 2.0);
    }
}
