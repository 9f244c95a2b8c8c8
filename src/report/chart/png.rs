//! PNG from the SVG, with the font that is compiled in.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Tree, fontdb};
use thiserror::Error;

/// Why a picture could not be made.
#[derive(Debug, Error)]
pub enum PngError {
    /// The document is no SVG.
    #[error("the chart is not valid SVG: {0}")]
    Svg(#[from] usvg::Error),
    /// No pixels, or more than memory holds.
    #[error("cannot make a picture of {0} x {1} pixels")]
    Size(u32, u32),
    /// The picture could not be written as PNG.
    #[error("cannot encode the picture: {0}")]
    Encoding(String),
}

/// Renders an SVG document; `scale` pixels to a unit of the document (2 for slides).
///
/// # Errors
/// When the document is no SVG, or the picture would have no pixels or too many.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, PngError> {
    let tree = tree(svg)?;
    let size = tree.size();
    let (width, height) = ((size.width() * scale).round() as u32, (size.height() * scale).round() as u32);
    let mut pixels = Pixmap::new(width, height).ok_or(PngError::Size(width, height))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| PngError::Encoding(e.to_string()))
}

/// The document with its texts laid out.
pub(super) fn tree(svg: &str) -> Result<Tree, usvg::Error> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.load_font_data(dejavu::sans::bold().to_vec());
    let options = usvg::Options { fontdb: Arc::new(fonts), ..usvg::Options::default() };
    Tree::from_str(svg, &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_size_asked_for() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="9" height="9"/></svg>"#;
        let bytes = png(svg, 2.0).unwrap();
        assert_eq!(&bytes[1..4], b"PNG");
        let size = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((size(16), size(20)), (120, 80));
    }

    #[test]
    fn what_is_no_svg_is_refused() {
        assert!(matches!(png("knee", 1.0), Err(PngError::Svg(_))));
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"/>"#;
        assert!(matches!(png(svg, 0.0), Err(PngError::Size(0, 0))));
    }
}
