//! A child as a process: started with nothing but one socket, told what it needs through it, and
//! ended by the kernel. The PIN travels through the socket only, never as an argument or in the
//! environment, and of the service's environment a library sees what every program needs: no
//! passphrase, no password of a database.

use crate::failure::Failure;
use crate::message::{Greeting, Hello, decode_answer};
use crate::options::{DeviceOptions, HsmOptions};
use crate::wire::MESSAGE_MAX;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
    SocketType, recv, sendmsg, socketpair,
};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::env;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A child that was started. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    end: OwnedFd,
    control: OwnedFd,
}

impl Process {
    /// Starts a child for the device and tells it what to work with; with our ends of the sockets
    /// of its sessions.
    pub(crate) fn start(
        device: &DeviceOptions,
        options: &HsmOptions,
    ) -> io::Result<(Self, Vec<OwnedFd>)> {
        let (control, theirs) = sockets()?;
        let mut command = Command::new(&options.child.program);
        command.args(&options.child.arguments).arg0("sekisho");
        command.env_clear();
        command.envs(INHERITED.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        command.envs(device.environment.iter().map(|(name, value)| (name, value)));
        // Who ends the service from its terminal does not end the keys under its last requests.
        command.process_group(0);
        // What a library prints is not for our output.
        let mut child = command.stdin(Stdio::from(theirs)).stdout(Stdio::null()).spawn()?;
        let end = match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
            Ok(end) => end,
            Err(error) => {
                child.kill().and_then(|()| child.wait())?;
                return Err(error.into());
            }
        };
        let process = Self { child, end, control };
        let pairs = (0..options.sessions).map(|_| sockets()).collect::<io::Result<Vec<_>>>()?;
        let (ours, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        process.tell(device, options, &theirs)?;
        Ok((process, ours))
    }

    /// What the child says when it is ready; `Late` after so long without a word.
    pub(crate) fn greeting(&self, patience: Duration) -> Result<Greeting, Failure> {
        if !is_readable(self.control.as_fd(), patience) {
            return Err(Failure::Late);
        }
        let mut buffer = vec![0; MESSAGE_MAX];
        let heard = recv(&self.control, &mut buffer[..], RecvFlags::DONTWAIT);
        let length = heard.map_or(0, |(_, length)| length);
        match decode_answer(&buffer[..length]) {
            Ok((_, Ok(body))) => Greeting::decode(&body).map_err(|_| Failure::Lost),
            Ok((_, Err(failure))) => Err(failure),
            Err(_) => Err(Failure::Lost),
        }
    }

    /// Whether it has ended within that time.
    pub(crate) fn has_ended_within(&self, patience: Duration) -> bool {
        is_readable(self.end.as_fd(), patience)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, and waits for its end; not for ever, as a call into a driver may keep it alive.
    /// Whether it is gone.
    pub(crate) fn kill(&mut self) -> bool {
        // It may have ended already, which is what is wanted.
        let _ = self.child.kill();
        self.has_ended_within(KILL_PATIENCE) && self.child.try_wait().is_ok()
    }

    fn tell(
        &self,
        device: &DeviceOptions,
        options: &HsmOptions,
        theirs: &[OwnedFd],
    ) -> io::Result<()> {
        let hello = Hello {
            module: device.module.to_str().unwrap_or_default(),
            token: device.token.clone(),
            pin: device.pin.reveal(),
            check: options.check,
            sessions: u32::from(options.sessions),
        };
        let message = hello.encode();
        let borrowed: Vec<BorrowedFd<'_>> = theirs.iter().map(AsFd::as_fd).collect();
        let mut space = vec![MaybeUninit::uninit(); ANCILLARY_SPACE];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        sendmsg(&self.control, &[IoSlice::new(&message)], &mut ancillary, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A pair of sockets that keep messages apart and that no other child inherits.
pub(crate) fn sockets() -> io::Result<(OwnedFd, OwnedFd)> {
    let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
    Ok(socketpair(family, kind, SocketFlags::CLOEXEC, None)?)
}

fn is_readable(fd: BorrowedFd<'_>, patience: Duration) -> bool {
    let timeout = Timespec::try_from(patience).ok();
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    poll(&mut fds, timeout.as_ref()).is_ok_and(|ready| ready > 0)
}

/// What a child sees of the environment beside what its device names.
const INHERITED: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"];
/// Sessions with one device at most: the kernel passes 253 sockets at once.
pub(crate) const SESSIONS_MAX: usize = 128;
/// Room for their sockets beside a message.
pub(crate) const ANCILLARY_SPACE: usize = rustix::cmsg_space!(ScmRights(SESSIONS_MAX));
const KILL_PATIENCE: Duration = Duration::from_millis(500);
