//! What became of each line of a production run: `results.jsonl` in the output directory, and the
//! certificates beside it. It is what a run after a kill goes on from: a line that was issued is
//! not asked for again, and what was written half is cut off.

use crate::cli::Form;
use base::{Problem, labels};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use x509::pem;

/// The results of a run, so far.
pub(super) struct Results {
    directory: PathBuf,
    file: File,
    certificates: Option<File>,
    /// Bytes in certificates.pem.
    written: u64,
    done: Done,
    waiting: (String, Vec<u8>),
}

/// Lines that have their certificate, with the digest of their request.
#[derive(Default)]
pub(super) struct Done(BTreeMap<u64, String>);

/// A line of results.jsonl.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) line: u64,
    /// SHA-256 of the request.
    pub(super) request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authority: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serial: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) act: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<String>,
    /// Bytes in certificates.pem up to and with this line's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<u64>,
}

impl Results {
    /// Opens the results of an earlier run, or begins.
    pub(super) fn open(directory: &Path, form: Form) -> Result<Self, Problem> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(directory).map_err(Problem::from_io)?;
        let mut file = opened(&directory.join("results.jsonl"))?;
        let (mut done, mut whole, mut until) = (Done::default(), 0, 0);
        let mut reader = BufReader::new(&file);
        let mut text = Vec::new();
        while reader.read_until(b'\n', &mut text).map_err(Problem::from_io)? > 0 {
            let entry = text.strip_suffix(b"\n").and_then(|line| serde_json::from_slice(line).ok());
            let Some(entry): Option<Entry> = entry else { break };
            whole += text.len() as u64;
            until = entry.until.unwrap_or(until);
            if entry.refused.is_none() {
                done.0.insert(entry.line, entry.request);
            }
            text.clear();
        }
        cut(&mut file, whole)?;
        let mut certificates = match form {
            Form::Der => None,
            Form::Pem => Some(opened(&directory.join("certificates.pem"))?),
        };
        certificates.as_mut().map_or(Ok(()), |file| cut(file, until))?;
        let directory = directory.to_owned();
        let waiting = (String::new(), Vec::new());
        Ok(Self { directory, file, certificates, written: until, done, waiting })
    }

    /// The lines that need nothing more, to be taken once.
    pub(super) fn done(&mut self) -> Done {
        std::mem::take(&mut self.done)
    }

    /// Notes what became of a line, with its certificate if it has one.
    pub(super) fn note(&mut self, mut entry: Entry, der: Option<&[u8]>) -> Result<(), Problem> {
        if let Some(der) = der {
            if self.certificates.is_some() {
                let text = pem::encode(pem::CERTIFICATE, der);
                self.written += text.len() as u64;
                entry.until = Some(self.written);
                self.waiting.0.push_str(&text);
            } else {
                let path = self.directory.join(format!("{}.der", entry.line));
                let mut file = opened(&path)?;
                cut(&mut file, 0)?;
                file.write_all(der).map_err(Problem::from_io)?;
            }
        }
        serde_json::to_writer(&mut self.waiting.1, &entry)
            .map_err(|_| Problem::new(&labels::INTERNAL, "a result cannot be written"))?;
        self.waiting.1.push(b'\n');
        if self.waiting.1.len() < WAITING_BYTES { Ok(()) } else { self.flush() }
    }

    /// Writes what waits: the certificates first, so that what is noted is there.
    pub(super) fn flush(&mut self) -> Result<(), Problem> {
        let (certificates, results) = &mut self.waiting;
        let beside = self.certificates.as_mut();
        let written = beside.map_or(Ok(()), |file| file.write_all(certificates.as_bytes()));
        written.and_then(|()| self.file.write_all(results)).map_err(Problem::from_io)?;
        certificates.clear();
        results.clear();
        Ok(())
    }

    /// Ends the run: all of it is on the disk.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        self.flush()?;
        let synced = self.certificates.as_ref().map_or(Ok(()), File::sync_all);
        synced.and_then(|()| self.file.sync_all()).map_err(Problem::from_io)
    }
}

impl Done {
    /// Whether this line has its certificate. Refused when it had another request.
    pub(super) fn has(&self, line: u64, request: &str) -> Result<bool, Problem> {
        match self.0.get(&line) {
            None => Ok(false),
            Some(known) if known == request => Ok(true),
            Some(_) => {
                let detail = "the output directory is that of other requests";
                Err(Problem::new(&labels::REQUEST_MALFORMED, detail).at_line(line))
            }
        }
    }
}

/// A file for its owner only, to be read and written on.
fn opened(path: &Path) -> Result<File, Problem> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    file.map_err(Problem::from_io)
}

fn cut(file: &mut File, length: u64) -> Result<(), Problem> {
    let cut = file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0)));
    cut.map(|_| ()).map_err(Problem::from_io)
}

const WAITING_BYTES: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(line: u64, refused: Option<&str>) -> Entry {
        Entry {
            line,
            request: format!("digest {line}"),
            authority: None,
            serial: None,
            act: None,
            refused: refused.map(str::to_owned),
            until: None,
        }
    }

    #[test]
    fn what_was_cut_off_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = Results::open(folder.path(), Form::Pem).unwrap();
        results.note(entry(2, None), Some(b"two")).unwrap();
        results.note(entry(3, Some("x")), None).unwrap();
        results.end().unwrap();
        let [pem, notes] =
            ["certificates.pem", "results.jsonl"].map(|name| folder.path().join(name));
        let calm = (fs::read(&pem).unwrap(), fs::read(&notes).unwrap());
        fs::write(&pem, [&calm.0[..], b"half a certif"].concat()).unwrap();
        fs::write(&notes, [&calm.1[..], b"{\"line\":4,"].concat()).unwrap();
        let mut results = Results::open(folder.path(), Form::Pem).unwrap();
        let done = results.done();
        assert!(done.has(2, "digest 2").unwrap());
        assert!(!done.has(3, "digest 3").unwrap(), "what was refused is asked for again");
        assert!(!done.has(4, "digest 4").unwrap());
        assert_eq!(done.has(2, "another").unwrap_err().label(), "request_malformed");
        results.end().unwrap();
        assert_eq!((fs::read(&pem).unwrap(), fs::read(&notes).unwrap()), calm);
    }

    #[test]
    fn certificates_stand_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = Results::open(folder.path(), Form::Der).unwrap();
        for text in [&b"longer than the other"[..], b"short"] {
            results.note(entry(7, None), Some(text)).unwrap();
            assert_eq!(fs::read(folder.path().join("7.der")).unwrap(), text);
        }
    }
}
