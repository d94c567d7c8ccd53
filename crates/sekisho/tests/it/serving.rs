//! The program as a server that is started, asked, stopped and killed.

use crate::house::House;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Starts a command and leaves it running.
pub(crate) fn started(house: &House, arguments: &[&str]) -> Child {
    let mut command = house.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// The program while it serves.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: String,
}

impl Serving {
    pub(crate) fn start(house: &House, arguments: &[&str]) -> Self {
        Self::start_at(house, arguments, "127.0.0.1:0")
    }

    pub(crate) fn start_at(house: &House, arguments: &[&str], address: &str) -> Self {
        let arguments = [arguments, &["--listen", address]].concat();
        let mut child = started(house, &arguments);
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = said.next().expect("it ended before it served").unwrap();
            if let Some((_, after)) = line.split_once("Serving on http://") {
                break after.split_whitespace().next().unwrap().to_owned();
            }
        };
        // Nobody reads on: what else is logged must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        Self { child, address }
    }

    /// The whole answer, head and body.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: sekisho\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Its process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The size of the checkpoint that is served.
    pub(crate) fn size(&self) -> u64 {
        let answer = self.get("/checkpoint");
        let (_, note) = answer.split_once("\r\n\r\n").unwrap();
        note.lines().nth(1).and_then(|size| size.parse().ok()).unwrap_or(0)
    }

    /// What is served at a path.
    pub(crate) fn body(&self, path: &str) -> String {
        let answer = self.get(path);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        body.to_owned()
    }

    /// Ends it as a power cut does; its address.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.address
    }

    /// Ends it as an operator does; its one JSON document.
    pub(crate) fn stop(self, house: &House) -> Value {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        house.told(&["serve"], self.child.wait_with_output().unwrap()).good()
    }
}
