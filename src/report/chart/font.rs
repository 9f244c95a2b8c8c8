//! Widths of text in the charts' font, so that labels can be kept apart before anything is drawn.

/// Families to draw with. The first is compiled into the PNG renderer; Verdana has nearly its widths, for browsers.
pub const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

const UNITS_PER_EM: f64 = 2048.0;

/// Advance widths of DejaVu Sans for the characters from space to tilde, in units of the font.
const REGULAR: [u16; 95] = [
    651, 821, 942, 1716, 1303, 1946, 1597, 563, 799, 799, 1024, 1716, 651, 739, 651, 690, 1303, 1303, 1303,
    1303, 1303, 1303, 1303, 1303, 1303, 1303, 690, 690, 1716, 1716, 1716, 1087, 2048, 1401, 1405, 1430, 1577,
    1294, 1178, 1587, 1540, 604, 604, 1343, 1141, 1767, 1532, 1612, 1235, 1612, 1423, 1300, 1251, 1499, 1401,
    2025, 1403, 1251, 1403, 799, 690, 799, 1716, 1024, 1024, 1255, 1300, 1126, 1300, 1260, 721, 1300, 1298,
    569, 569, 1186, 569, 1995, 1298, 1253, 1300, 1300, 842, 1067, 803, 1298, 1212, 1675, 1212, 1212, 1075,
    1303, 690, 1303, 1716,
];

/// As [`REGULAR`], for DejaVu Sans Bold.
const BOLD: [u16; 95] = [
    713, 934, 1067, 1716, 1425, 2052, 1786, 627, 936, 936, 1071, 1716, 778, 850, 778, 748, 1425, 1425, 1425,
    1425, 1425, 1425, 1425, 1425, 1425, 1425, 819, 819, 1716, 1716, 1716, 1188, 2048, 1585, 1561, 1503, 1700,
    1399, 1399, 1681, 1714, 762, 762, 1587, 1305, 2038, 1714, 1741, 1501, 1741, 1577, 1475, 1397, 1663, 1585,
    2259, 1579, 1483, 1485, 936, 748, 936, 1716, 1024, 1024, 1382, 1466, 1214, 1466, 1389, 891, 1466, 1458,
    702, 702, 1362, 702, 2134, 1458, 1407, 1466, 1466, 1010, 1219, 979, 1458, 1335, 1892, 1321, 1335, 1192,
    1458, 748, 1458, 1716,
];

/// Width of a character that is not in the tables: that of the wider ones.
const OTHER: u16 = 2048;

/// Width of `text` in pixels at a font size of `size` pixels.
#[must_use]
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let table = if bold { &BOLD } else { &REGULAR };
    let advance = |c: char| (c as usize).checked_sub(32).and_then(|i| table.get(i)).copied().unwrap_or(OTHER);
    let units: f64 = text.chars().map(|c| f64::from(advance(c))).sum();
    units / UNITS_PER_EM * size
}

/// `text`, or as much of it as fits into `room` pixels, ending in `…`.
#[must_use]
pub fn fitted(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut kept: String = text.to_owned();
    while !kept.is_empty() && width(&kept, size, bold) + size > room {
        kept.pop();
    }
    format!("{}…", kept.trim_end())
}

/// `text` over as many lines as it needs to stay within `room` pixels, broken between words.
#[must_use]
pub fn wrapped(text: &str, size: f64, bold: bool, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line)
                if width(line, size, bold) + width(" ", size, bold) + width(word, size, bold) <= room =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(fitted(word, size, bold, room)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the renderer's own shaping of the same text.
    #[test]
    fn widths_agree_with_the_renderer() {
        for (text, bold) in
            [("fast to 1,020/s (980-1,060); p95 breaks 200 ms", false), ("orders servers 97 %", true)]
        {
            let weight = if bold { "bold" } else { "normal" };
            let svg = format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="100"><text x="10" y="50"
                font-family="DejaVu Sans" font-size="40" font-weight="{weight}">{text}</text></svg>"#
            );
            let tree = crate::report::chart::png::tree(&svg).unwrap();
            let shaped = f64::from(tree.root().abs_bounding_box().width());
            let ours = width(text, 40.0, bold);
            assert!((ours / shaped - 1.0).abs() < 0.02, "{text}: {ours} against {shaped}");
        }
    }

    #[test]
    fn text_is_cut_or_broken_to_fit() {
        let long = "inventory-service connections 97 %";
        assert!(width(&fitted(long, 16.0, true, 120.0), 16.0, true) <= 120.0);
        assert_eq!(fitted("web", 16.0, true, 120.0), "web");
        let lines = wrapped("fast to 1,020/s; p95 breaks 200 ms at 1,310/s", 20.0, false, 260.0);
        assert!(lines.len() == 2 && lines.iter().all(|l| width(l, 20.0, false) <= 260.0));
    }
}
