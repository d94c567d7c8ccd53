//! The child: loads a vendor's library, holds a fixed number of sessions with one token, and works
//! on one request at a time in each. It writes no core dumps, cannot be traced, gains no rights by
//! what it starts, and does not outlive the service.

mod fault;
mod keys;
mod making;
mod token;
mod worker;

use crate::failure::Failure;
use crate::message::{Greeting, Hello, encode_answer};
use crate::process::ANCILLARY_SPACE;
use crate::wire::MESSAGE_MAX;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recv, recvmsg, send,
};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getpid, kill_process, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};
use rustix::thread::set_no_new_privs;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use token::Token;
use worker::Worker;
use zeroize::Zeroizing;

/// Does what a child does, told through the socket on standard input, until the service ends.
/// Started by hand it ends at once.
pub fn run() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    harden()?;
    let control = io::stdin().as_fd().try_clone_to_owned()?;
    let mut message = Zeroizing::new(vec![0; MESSAGE_MAX]);
    let (length, sockets) = listen(&control, &mut message)?;
    let Ok(hello) = Hello::decode(&message[..length]) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    if hello.sessions as usize != sockets.len() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let ready = start(&hello, sockets);
    let answer = ready.map(|greeting| greeting.encode().to_vec());
    send(&control, &encode_answer(0, &answer), SendFlags::NOSIGNAL)?;
    // Nothing more is said here; the end of the service is the end of this wait.
    while recv(&control, &mut [0_u8; 1][..], RecvFlags::empty()) == Err(rustix::io::Errno::INTR) {}
    // At once, and without the library's own clean-up, which may wait for ever.
    Ok(kill_process(getpid(), Signal::KILL)?)
}

/// Opens the token and starts a thread for each session.
fn start(hello: &Hello<'_>, sockets: Vec<OwnedFd>) -> Result<Greeting, Failure> {
    let (token, greeting, session) = Token::open(hello)?;
    let token = Arc::new(token);
    let mut first = Some(session);
    for socket in sockets {
        let worker = Worker::new(Arc::clone(&token), first.take());
        let thread = thread::Builder::new().name("session".to_owned());
        let started = thread.spawn(move || worker.work(&socket));
        started.map_err(|error| Failure::Transient(format!("no thread: {}", error.kind())))?;
    }
    Ok(greeting)
}

/// The first message and the sockets that travel with it.
fn listen(control: &OwnedFd, message: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = vec![MaybeUninit::uninit(); ANCILLARY_SPACE];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut into = [IoSliceMut::new(message)];
    let heard = recvmsg(control, &mut into, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let mut sockets = Vec::new();
    for item in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(passed) = item {
            sockets.extend(passed);
        }
    }
    Ok((heard.bytes, sockets))
}

fn harden() -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    set_no_new_privs(true)?;
    Ok(setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?)
}
