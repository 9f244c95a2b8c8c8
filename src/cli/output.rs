//! Files out: written whole or not at all, and never over a file that is not ours.
//!
//! Every file carries a mark by which it is known again: the first key of the JSON, the head row of the CSV, a comment in
//! the SVG, a text chunk in the PNG. A file of the same name without the mark was made by somebody else and stays.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::failure::{Failure, reason};

/// The first bytes of a file hold the mark, if there is one.
const HEAD: u64 = 1024;
/// So many drafts of one file left behind are enough.
const DRAFTS_MAX: u32 = 1_000;
const SVG_MARK: &str = "<!-- made by knee ";
const PNG_MARK: &[u8] = b"tEXtSoftware\0knee ";
const CSV_MARK: &[u8] = b",state,converged,";
const TIMELINE_MARK: &[u8] = b"at_s,until_s,offered_per_s,";

/// A directory for results, and the files that will stand in it.
#[derive(Debug)]
pub struct Output {
    directory: PathBuf,
    names: &'static [&'static str],
}

impl Output {
    /// Makes the directory and sees that files of these names can be written there, so that a long study does not end in an
    /// error that could have been told at its start.
    ///
    /// # Errors
    /// When the directory cannot be made or written to, or a file of one of the names is not ours.
    pub fn prepare(directory: PathBuf, names: &'static [&'static str]) -> Result<Self, Failure> {
        let told = |error: &io::Error| {
            Failure::input(format!("cannot write results to `{}`: {}", directory.display(), reason(error)))
        };
        fs::create_dir_all(&directory).map_err(|error| told(&error))?;
        drop(Draft::new(&directory.join("probe"), b"").map_err(|error| told(&error))?);
        let output = Self { directory, names };
        output.names.iter().try_for_each(|name| ours_or_absent(&output.directory.join(name)))?;
        Ok(output)
    }

    /// Writes the files, in the order of the names given to [`Self::prepare`]: first all of them beside their places, then
    /// each to its place, so that a full disk leaves the old ones. Answers their paths.
    ///
    /// # Errors
    /// When one cannot be written, or a file of its name has appeared that is not ours.
    pub fn write(&self, contents: Vec<Vec<u8>>) -> Result<Vec<PathBuf>, Failure> {
        assert_eq!(contents.len(), self.names.len(), "one content a name");
        let mut drafts = Vec::new();
        for (name, bytes) in self.names.iter().zip(contents) {
            let path = self.directory.join(name);
            ours_or_absent(&path)?;
            let draft =
                Draft::new(&path, &stamped(name, bytes)).map_err(|e| Failure::file("write", &path, &e))?;
            drafts.push((path, draft));
        }
        drafts.into_iter().map(|(path, draft)| draft.publish(&path).map(|()| path)).collect()
    }
}

/// A file beside its place, removed unless it is published.
#[derive(Debug)]
pub struct Draft {
    /// Empty once published.
    path: PathBuf,
    file: File,
}

impl Draft {
    /// Writes bytes beside `path`, in its directory: renaming does not cross file systems.
    ///
    /// # Errors
    /// When the directory does not let us.
    pub fn new(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        let mut draft = Self::free(path)?;
        draft.file.write_all(bytes)?;
        Ok(draft)
    }

    /// A new file beside `path`. The number of a process is not enough to tell names apart: in a container it is the same every
    /// time, and one that was killed left its file behind.
    fn free(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut count = 0;
        loop {
            let beside = path.with_file_name(format!(".{name}.{}-{count}.part", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&beside) {
                Ok(file) => return Ok(Self { path: beside, file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && count < DRAFTS_MAX => {
                    count += 1
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn publish(mut self, path: &Path) -> Result<(), Failure> {
        fs::rename(&self.path, path).map_err(|error| Failure::file("write", path, &error))?;
        self.path.clear();
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A file that the user named: it is replaced, unless it is the model. A pipe or a device is written to and stays.
#[derive(Debug)]
pub struct Replaced {
    path: PathBuf,
    /// Of a pipe or a device.
    stream: Option<File>,
}

impl Replaced {
    /// Sees that the file can be written, before the study begins.
    ///
    /// # Errors
    /// When it cannot, or must not.
    pub fn prepare(path: &Path, model: &Path) -> Result<Self, Failure> {
        let told = |error: &io::Error| Failure::file("write", path, error);
        let real = real(path);
        if fs::canonicalize(model).is_ok_and(|model| model == real) {
            return Err(Failure::input(format!("`{}` is the model and stays", path.display())));
        }
        let stream = match fs::metadata(&real) {
            Ok(found) if found.is_dir() => return Err(told(&io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() => {
                Some(OpenOptions::new().write(true).open(&real).map_err(|error| told(&error))?)
            }
            _ => None,
        };
        if stream.is_none() {
            drop(Draft::new(&real, b"").map_err(|error| told(&error))?);
        }
        Ok(Self { path: real, stream })
    }

    /// As [`Self::prepare`]; a JSON file of somebody else stays too.
    ///
    /// # Errors
    /// When it cannot be written, or must not.
    pub fn prepare_own(path: &Path, model: &Path) -> Result<Self, Failure> {
        let replaced = Self::prepare(path, model)?;
        if replaced.stream.is_none() && path.extension().is_some_and(|extension| extension == "json") {
            ours_or_absent(&replaced.path)?;
        }
        Ok(replaced)
    }

    /// Both are one file, of which the later would replace the earlier.
    pub fn is(&self, other: &Self) -> bool {
        self.path == other.path && self.stream.is_none()
    }

    /// Writes it whole or not at all, but for a stream. Answers its path.
    ///
    /// # Errors
    /// When the system refuses. Whoever read a pipe may have enough of it.
    pub fn write(self, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<PathBuf, Failure> {
        let told = |error: io::Error| Failure::file("write", &self.path, &error);
        match self.stream {
            Some(mut stream) => match fill(&mut stream) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                end => end.map_err(told)?,
            },
            None => {
                let mut draft = Draft::new(&self.path, b"").map_err(told)?;
                fill(&mut draft).map_err(told)?;
                draft.publish(&self.path)?;
            }
        }
        Ok(self.path)
    }
}

/// Through symbolic links: the file they lead to is meant, and they stay. Of a file that is not there yet, its directory's.
fn real(path: &Path) -> PathBuf {
    let beside = || {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = fs::canonicalize(directory.unwrap_or(Path::new("."))).ok()?;
        Some(directory.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

/// `output/<model>`: the name of the model as one harmless part of a path.
pub fn default_directory(model: &str) -> PathBuf {
    Path::new("output").join(harmless(model))
}

/// Letters, digits, `.`, `_` and `-` of a name; it does not begin with a dot, and is not empty.
fn harmless(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = name.trim().chars().take(60).map(plain).collect();
    let name = name.trim_start_matches(['.', '-']).trim_end_matches(['.', '-']);
    if name.is_empty() { "model".to_owned() } else { name.to_owned() }
}

fn ours_or_absent(path: &Path) -> Result<(), Failure> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::file("overwrite", path, &error)),
        Ok(_) if is_ours(path, &head) => Ok(()),
        Ok(_) => Err(Failure::input(format!(
            "`{}` was not made by knee and stays; move it away or name another directory with --out",
            path.display()
        ))),
    }
}

fn is_ours(path: &Path, head: &[u8]) -> bool {
    let contains = |mark: &[u8]| head.windows(mark.len()).any(|window| window == mark);
    match path.extension().and_then(|e| e.to_str()) {
        Some("json") => {
            let text: Vec<u8> = head.iter().copied().filter(|b| !b.is_ascii_whitespace()).take(8).collect();
            text == b"{\"knee\":"
        }
        // Behind the name of the axis, which may be any path of a model.
        Some("csv") => {
            let row = head.split(|b| *b == b'\n').next().unwrap_or_default();
            row.starts_with(TIMELINE_MARK) || row.windows(CSV_MARK.len()).any(|window| window == CSV_MARK)
        }
        Some("svg") => contains(SVG_MARK.as_bytes()),
        Some("png") => contains(PNG_MARK),
        _ => false,
    }
}

/// The bytes with a mark, where they do not carry one by nature.
fn stamped(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    match name.rsplit('.').next() {
        Some("svg") => stamped_svg(bytes),
        Some("png") => stamped_png(bytes),
        _ => bytes,
    }
}

/// A comment before the root element, behind an XML declaration if there is one.
fn stamped_svg(mut bytes: Vec<u8>) -> Vec<u8> {
    let root = bytes.windows(4).position(|window| window == b"<svg").unwrap_or(0);
    let mark = format!("{SVG_MARK}{} -->\n", env!("CARGO_PKG_VERSION"));
    bytes.splice(root..root, mark.into_bytes());
    bytes
}

/// A text chunk behind the header chunk, which the format puts at bytes 8 to 33.
fn stamped_png(mut bytes: Vec<u8>) -> Vec<u8> {
    const HEADER_END: usize = 33;
    assert!(bytes.len() > HEADER_END, "a PNG begins with its header");
    let mut body = PNG_MARK.to_vec();
    body.extend(env!("CARGO_PKG_VERSION").bytes());
    let mut chunk = (body.len() as u32 - 4).to_be_bytes().to_vec();
    chunk.extend(&body);
    chunk.extend(crc32(&body).to_be_bytes());
    bytes.splice(HEADER_END..HEADER_END, chunk);
    bytes
}

/// The checksum of PNG chunks, bit by bit: it covers a few dozen bytes.
///
/// Source: PNG specification (third edition), section 5.5.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(
            crc ^ u32::from(byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["sweep.svg", "sweep.png", "sweep.csv", "sweep.json"];

    fn contents() -> Vec<Vec<u8>> {
        let picture = crate::report::png(SVG, 1.0).unwrap();
        vec![SVG.into(), picture, b"load,state,converged,x\n".into(), b"{\n  \"knee\": \"0.1.0\"\n}\n".into()]
    }
    const SVG: &str =
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="6" height="4"><rect width="9" height="9"/></svg>"#;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC, which PNG uses.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn our_own_files_are_replaced_and_no_part_is_left_behind() {
        let place = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let output = Output::prepare(place.path().join("a/b"), NAMES).unwrap();
            assert_eq!(output.write(contents()).unwrap().len(), 4);
        }
        let names = fs::read_dir(place.path().join("a/b")).unwrap().map(|e| e.unwrap().file_name());
        assert_eq!(names.count(), 4);
    }

    #[test]
    fn a_draft_left_behind_is_in_nobodys_way() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run.json");
        std::mem::forget(Draft::new(&path, b"killed").unwrap());
        Draft::new(&path, b"whole").unwrap().publish(&path).unwrap();
        assert_eq!(fs::read(path).unwrap(), b"whole");
    }

    #[test]
    fn marked_pictures_are_still_pictures() {
        let svg = String::from_utf8(stamped_svg(SVG.into())).unwrap();
        assert_eq!(crate::report::png(&svg, 1.0).unwrap(), crate::report::png(SVG, 1.0).unwrap());
        let png = stamped_png(crate::report::png(SVG, 1.0).unwrap());
        let map = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
        assert_eq!((map.width(), map.height()), (6, 4));
    }

    #[test]
    fn a_file_of_somebody_else_stays() {
        let place = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("sweep.json", "{\"name\": \"knee\"}"),
            ("sweep.csv", "load,p95\n"),
            ("sweep.svg", SVG),
            ("sweep.png", "\u{89}PNG"),
        ] {
            let path = place.path().join(name);
            fs::write(&path, text).unwrap();
            let failure = Output::prepare(place.path().to_owned(), NAMES).unwrap_err();
            assert!(failure.to_string().contains(name), "{failure}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_directory_in_the_way_is_told_before_the_study() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("sweep.csv")).unwrap();
        assert!(Output::prepare(place.path().to_owned(), NAMES).is_err());
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Output::prepare(file.join("x"), NAMES).is_err());
    }

    #[test]
    fn names_of_models_lead_nowhere_else() {
        let cases = [
            ("shop", "shop"),
            ("../../etc/passwd", "etc-passwd"),
            ("", "model"),
            ("...", "model"),
            ("a b/c\\d\0e", "a-b-c-d-e"),
            ("Größe 2.0", "Größe-2.0"),
        ];
        for (name, directory) in cases {
            assert_eq!(harmless(name), directory);
        }
        assert!(harmless(&"é".repeat(1000)).len() < 255);
    }
}
