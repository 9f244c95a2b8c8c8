//! Aligned tables: names to the left, numbers to the right, two blanks between columns, no lines.

use super::paint::{Paint, Role};

/// Tables stay within this many characters.
pub const WIDTH: usize = 100;

/// A table under construction.
#[derive(Default)]
pub struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

struct Column {
    head: String,
    left: bool,
}

/// A text and what it is.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    role: Role,
}

impl Cell {
    /// A text of a role.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Role::Text)
    }
}

impl Grid {
    /// Adds a column of names.
    pub fn left(mut self, head: impl Into<String>) -> Self {
        self.columns.push(Column { head: head.into(), left: true });
        self
    }

    /// Adds a column of numbers.
    pub fn right(mut self, head: impl Into<String>) -> Self {
        self.columns.push(Column { head: head.into(), left: false });
        self
    }

    /// Adds a row; it has as many cells as the table columns.
    pub fn row(&mut self, cells: Vec<Cell>) {
        assert_eq!(cells.len(), self.columns.len(), "a row fills all columns");
        self.rows.push(cells);
    }

    /// The lines, each ending in a line feed; nothing without rows. Columns in which no row has anything are left out.
    pub fn render(&self, paint: Paint) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let heads: Vec<Cell> =
            self.columns.iter().map(|c| Cell::new(c.head.as_str(), Role::Strong)).collect();
        let widths = self.widths();
        let lines = std::iter::once(&heads).chain(&self.rows);
        lines.map(|cells| self.line(cells, &widths, paint)).collect()
    }

    /// Characters of each column; zero where it is left out.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|i| self.width(i)).collect();
        // Names give way to numbers: the widest column of names is cut until the table fits.
        while widths.iter().filter(|w| **w > 0).map(|w| w + 2).sum::<usize>() > WIDTH {
            let names = (0..widths.len()).filter(|i| self.columns[*i].left);
            match names.max_by_key(|i| widths[*i]).filter(|i| widths[*i] > 8) {
                Some(widest) => widths[widest] -= 1,
                None => break,
            }
        }
        widths
    }

    fn width(&self, column: usize) -> usize {
        let longest = self.rows.iter().map(|row| row[column].text.chars().count()).max().unwrap_or(0);
        if longest == 0 { 0 } else { longest.max(self.columns[column].head.chars().count()) }
    }

    fn line(&self, cells: &[Cell], widths: &[usize], paint: Paint) -> String {
        let mut line = String::new();
        for ((cell, column), width) in cells.iter().zip(&self.columns).zip(widths).filter(|(_, w)| **w > 0) {
            let text = cut(&cell.text, *width);
            let padding = " ".repeat(width - text.chars().count());
            let text = paint.apply(cell.role, &text);
            line.push_str("  ");
            line.push_str(&if column.left { text + &padding } else { padding + &text });
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

/// `text`, cut with an ellipsis where it is longer than `width` characters.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_align_on_the_right_and_empty_columns_vanish() {
        let mut grid = Grid::default().left("place").right("calls/s").right("errors").left("state");
        grid.row(vec!["web".into(), "1,200".into(), "".into(), "stable".into()]);
        grid.row(vec!["orders".into(), "80".into(), "".into(), "".into()]);
        assert_eq!(
            grid.render(Paint::Plain),
            "  place   calls/s  state\n  web       1,200  stable\n  orders       80\n"
        );
    }

    #[test]
    fn long_names_give_way() {
        let mut grid = Grid::default().left("place").right("calls/s");
        grid.row(vec!["x".repeat(300).into(), "1,234,567".into()]);
        let text = grid.render(Paint::Plain);
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH) && text.contains("…  1,234,567"));
    }

    #[test]
    fn styles_do_not_disturb_the_columns() {
        let mut grid = Grid::default().right("load/s").left("state");
        grid.row(vec!["1".into(), Cell::new("saturated", Role::Bad)]);
        let plain: String = grid.render(Paint::Plain);
        let bare: String = anstream::adapter::strip_str(&grid.render(Paint::Ansi)).to_string();
        assert_eq!(plain, bare);
    }
}
