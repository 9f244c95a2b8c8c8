//! Input that is wrong, hostile or absurd, given to the command: one clear message on stderr, exit code 2, soon and in
//! little memory. What exactly is said about each fault of a model is in `bad_models.rs`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Generous for a loaded machine and a debug build; a release build takes milliseconds.
const SOON: Duration = Duration::from_secs(5);
/// Address space of the command, in KiB: whatever a file says, it must not take more.
const MEMORY_KIB: &str = "1048576";

const GOOD: &str = "knee: 1
load: {rate: 50/s, requests: {desk.serve: 1}}
services:
  desk: {workers: 1, endpoints: {serve: [{delay: {exp: 10ms}}]}}
study: {requests: 500}
";

fn place() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs `knee` under a limit of memory and answers once it has ended, which must be soon.
#[track_caller]
fn knee(directory: &Path, arguments: &[&str]) -> Output {
    let start = Instant::now();
    let limited = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited])
        .arg(assert_cmd::cargo::cargo_bin!("knee"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(start.elapsed() < SOON, "{arguments:?} took {:?}", start.elapsed());
    output
}

/// What is told about input that is refused: short, and on stderr alone.
#[track_caller]
fn told(directory: &Path, arguments: &[&str]) -> String {
    let output = knee(directory, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert!(stderr.starts_with("error") && stderr.len() < 2_000, "{arguments:?}: {stderr}");
    assert_eq!(stderr.matches("error: ").count(), 1, "{arguments:?}: {stderr}");
    stderr
}

/// What each command that reads a model tells about this one: all the same.
#[track_caller]
fn told_of_model(bytes: &[u8]) -> String {
    let place = place();
    fs::write(place.path().join("m.yaml"), bytes).unwrap();
    let explained = told(place.path(), &["explain", "m.yaml"]);
    for command in ["run", "sweep"] {
        assert_eq!(told(place.path(), &[command, "m.yaml"]), explained);
    }
    assert_eq!(
        fs::read_dir(place.path()).unwrap().count(),
        1,
        "no output directory for a model that is none"
    );
    explained
}

#[test]
fn every_bad_model_file_is_refused_with_its_place() {
    let nested_flow = "[".repeat(100_000);
    let nested_maps = format!("knee: {}", "{a: ".repeat(100_000));
    let replaced = |from: &str, to: &str| GOOD.replace(from, to);
    let cases: Vec<(&str, String, &str)> = vec![
        ("an empty file", String::new(), "empty"),
        ("only a comment", "# nothing\n".into(), "empty"),
        ("nested lists", nested_flow, "nested too deeply"),
        ("nested maps", nested_maps, "nested too deeply"),
        ("an alias bomb", alias_bomb(), "m.yaml"),
        ("a list", "- a\n- b\n".into(), "m.yaml:1:1"),
        ("a word", "hello\n".into(), "m.yaml:1:1"),
        ("two documents", format!("{GOOD}---\n{GOOD}"), "second document"),
        ("a tab for an indent", "knee: 1\n\tload: 2\n".into(), "found a tab"),
        ("an open quote", "knee: 1\nname: \"x\n".into(), "m.yaml"),
        ("an unknown key", replaced("workers", "wrokers"), "m.yaml:4:10"),
        ("no unit", replaced("10ms", "10"), "`10`"),
        ("a wrong unit", replaced("10ms", "10 parsecs"), "parsecs"),
        ("an unknown target", replaced("desk.serve: 1", "dsek.serve: 1"), "dsek"),
        ("a call loop", replaced("{delay: {exp: 10ms}}", "{call: desk.serve}"), "m.yaml"),
        ("weights of zero", replaced("serve: 1}", "serve: 0}"), "m.yaml"),
        ("zero workers", replaced("workers: 1", "workers: 0"), "m.yaml:4"),
        ("zero replicas", replaced("workers: 1", "replicas: 0"), "m.yaml:4"),
        ("10^9 replicas", replaced("workers: 1", "replicas: 1_000_000_000"), "m.yaml:4"),
        ("10^30 replicas", replaced("workers: 1", "replicas: 1e30"), "m.yaml:4"),
        ("a negative time", replaced("10ms", "-10ms"), "negative"),
        ("not a number", replaced("10ms", ".nan"), ".nan"),
        ("infinity", replaced("10ms", ".inf"), ".inf"),
        ("a duplicate name", replaced("study", "services"), "services"),
        ("a rate of 10^12/s", replaced("50/s", "1e12/s"), "1e12/s"),
        ("a horizon beyond 64 bits", replaced("requests: 500", "duration: 400000d"), "years"),
        ("a later section", format!("{GOOD}faults: {{}}\n"), "not supported yet"),
    ];
    let mut unclear = Vec::new();
    for (what, text, expected) in cases {
        let told = told_of_model(text.as_bytes());
        if !told.contains(expected) {
            unclear.push(format!("{what}: expected `{expected}` in {told}"));
        }
    }
    assert!(unclear.is_empty(), "{}", unclear.join("\n"));
}

/// Nine lists of nine references each, to the one before: 9^9 values if written out.
fn alias_bomb() -> String {
    let mut text = String::from("a0: &a0 [x, x]\n");
    for i in 1..10 {
        let references = vec![format!("*a{}", i - 1); 9].join(", ");
        text += &format!("a{i}: &a{i} [{references}]\n");
    }
    text
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let random: Vec<u8> = (0..50_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(told_of_model(&random).contains("UTF-8"));
    assert!(told_of_model(b"knee: 1\nname: \xff\n").contains("byte 14"));
    assert!(told_of_model(&[0; 1000]).contains("m.yaml"));
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(told_of_model(&utf16).contains("m.yaml"));
}

#[test]
fn large_files_are_refused_unread() {
    let place = place();
    fs::File::create(place.path().join("m.yaml")).unwrap().set_len(1 << 40).unwrap();
    assert!(told(place.path(), &["run", "m.yaml"]).contains("larger than 16 MiB"));
    assert!(told(place.path(), &["run", "/dev/zero"]).contains("larger than 16 MiB"));
}

#[test]
fn what_is_no_file_is_refused() {
    let place = place();
    assert!(told(place.path(), &["sweep", "absent.yaml"]).contains("`absent.yaml`: no such file"));
    assert!(told(place.path(), &["sweep", "."]).contains("directory"));
    assert!(told(place.path(), &["sweep", ""]).contains("MODEL"));
    assert!(told(place.path(), &["sweep", "/dev/null"]).contains("empty"));
}

#[test]
fn a_directory_that_cannot_be_written_is_told_before_the_study() {
    let place = place();
    // A study of hours, so that only a check before it can end soon.
    let long = GOOD.replace("requests: 500", "requests: 1_000_000_000, budget: 1e15");
    fs::write(place.path().join("m.yaml"), long).unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    for directory in ["/proc/knee", "file", "file/below"] {
        let told = told(place.path(), &["sweep", "m.yaml", "--out", directory]);
        assert!(told.contains("cannot write") && told.contains(directory), "{told}");
    }
    let closed = place.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(closed.join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write into read-only directories");
        return;
    }
    assert!(told(place.path(), &["sweep", "m.yaml", "--out", "closed"]).contains("permission denied"));
}

#[test]
fn settings_are_checked_like_the_file() {
    let place = place();
    fs::write(place.path().join("m.yaml"), GOOD).unwrap();
    for (setting, expected) in [
        ("desk.wrokers=2", "workers"),
        ("desk.workers=-1", "negative"),
        ("desk.workers=[", "--set"),
        ("desk..workers=1", "no path"),
        ("nowhere.at.all=1", "nowhere"),
        ("desk.workers=1e300", "--set"),
        ("load.rate=1e12/s", "1e12/s"),
    ] {
        let told = told(place.path(), &["run", "m.yaml", "--set", setting]);
        assert!(told.contains(expected), "{setting}: {told}");
    }
}

#[test]
fn an_unstable_system_asked_for_precision_gets_a_verdict() {
    let place = place();
    let text = GOOD.replace("rate: 50/s", "rate: 300/s").replace("study: {requests: 500}\n", "");
    fs::write(place.path().join("m.yaml"), text).unwrap();
    let output = knee(place.path(), &["run", "m.yaml", "--json", "--precision", "p95=1%", "--threads", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["points"][0]["state"], "saturated");
}

#[test]
fn a_timeout_below_the_least_service_is_legal_and_fails_every_request() {
    let place = place();
    let text = GOOD.replace("rate: 50/s,", "rate: 50/s, timeout: 1ms,").replace("{exp: 10ms}", "10ms");
    fs::write(place.path().join("m.yaml"), text).unwrap();
    let output = knee(place.path(), &["run", "m.yaml", "--json", "--threads", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["points"][0]["counts"]["right"], 0);
}
