//! One thread with one session: takes a request, has the token do it, answers. A session that the
//! token no longer knows is opened again, and what was asked is tried once more with it.
//!
//! Where answers are checked, the inverse operation must lead back to the question: what was
//! encrypted is decrypted and the other way round, and a MAC is verified.

use super::fault::Trouble;
use super::keys::{KeyOnToken, Mark};
use super::making::{destroy, generate, many};
use super::token::Token;
use crate::failure::Failure;
use crate::message::{KeyName, Request, encode_answer};
use crate::pool::monotonic_us;
use crate::wire::{MESSAGE_MAX, Writer};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use cryptoki::types::Ulong;
use numbers::assignment::{RemoteRefusal, RemoteWalkingFf1};
use numbers::ff1::RemoteCipher;
use ports::KeyKind;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::os::fd::OwnedFd;
use std::sync::{Arc, PoisonError};
use x509::KeyAlgorithm;
use zeroize::{Zeroize, Zeroizing};

/// A session at work.
pub(super) struct Worker {
    token: Arc<Token>,
    session: Option<Session>,
}

/// A session with the key that it works with.
struct Bench<'a> {
    token: &'a Token,
    session: &'a Session,
    key: &'a KeyOnToken,
}

impl Worker {
    pub(super) fn new(token: Arc<Token>, session: Option<Session>) -> Self {
        Self { token, session }
    }

    /// Answers what comes through the socket until it is closed.
    pub(super) fn work(mut self, socket: &OwnedFd) {
        let mut buffer = Zeroizing::new(vec![0; MESSAGE_MAX]);
        loop {
            let length = match recv(socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((_, length)) if length > 0 => length,
                Err(Errno::INTR) => continue,
                _ => return,
            };
            // A service that says what cannot be understood is not ours.
            let Ok((id, until_us, request)) = Request::decode(&buffer[..length]) else { return };
            let mut answer =
                if monotonic_us() > until_us { Err(Failure::Late) } else { self.answer(&request) };
            buffer[..length].zeroize();
            let sent = send(socket, &encode_answer(id, &answer), SendFlags::NOSIGNAL);
            if let Ok(body) = &mut answer {
                body.zeroize();
            }
            if sent.is_err() {
                return;
            }
        }
    }

    fn answer(&mut self, request: &Request<'_>) -> Result<Vec<u8>, Failure> {
        let mut again = 2;
        loop {
            let session = match self.session.take() {
                Some(session) => session,
                None => self.token.session().map_err(Trouble::settle)?,
            };
            let done = serve(&self.token, &session, request);
            again -= 1;
            match done {
                // The session goes, and handles may go with it.
                Err(Trouble::Session(_)) if again > 0 => self.token.forget_keys(),
                Err(Trouble::Handle(_)) if again > 0 => {
                    self.token.forget_keys();
                    self.session = Some(session);
                }
                Err(trouble @ (Trouble::Session(_) | Trouble::Settled(Failure::Gone(_)))) => {
                    self.token.forget_keys();
                    return Err(trouble.settle());
                }
                done => {
                    self.session = Some(session);
                    return done.map_err(Trouble::settle);
                }
            }
        }
    }
}

fn serve(token: &Token, session: &Session, request: &Request<'_>) -> Result<Vec<u8>, Trouble> {
    let with = |name: KeyName<'_>, work: &dyn Fn(&Bench<'_>) -> Result<Vec<u8>, Trouble>| {
        let key = token.key(session, name)?;
        if key.is_one_of_many {
            return Err(many(name.label));
        }
        work(&Bench { token, session, key: &key })
    };
    match *request {
        Request::Sign { key, input } => with(key, &|bench| bench.sign(input)),
        Request::Mac { key, message } => with(key, &|bench| bench.mac(message)),
        Request::Wrap { key, nonce, bound, plain } => {
            with(key, &|bench| bench.wrap(nonce, bound, plain))
        }
        Request::Unwrap { key, nonce, bound, body } => {
            with(key, &|bench| bench.unwrap(nonce, bound, body))
        }
        Request::Permute { key, digits, below, forward, values } => {
            with(key, &|bench| bench.permute(digits, below, forward, values))
        }
        Request::Generate { label, kind, created, identity } => {
            let key = generate(token, session, label, &Mark { kind, created, identity })?;
            let mut out = Writer::default();
            key.put(&mut out);
            Ok(out.done().to_vec())
        }
        Request::Destroy { label } => destroy(token, session, label).map(|()| Vec::new()),
        Request::List { after } => list(token, session, after),
    }
}

/// Keys behind `after`, as many as fit into a message, and whether there are more.
fn list(token: &Token, session: &Session, after: &str) -> Result<Vec<u8>, Trouble> {
    let mut page = Writer::default();
    let mut more = false;
    let keys = token.reload(session)?;
    for key in keys.values().filter(|key| key.label() > after) {
        if page.length() > MESSAGE_MAX / 2 {
            more = true;
            break;
        }
        key.held.put(&mut page);
    }
    Ok([&[u8::from(more)][..], &page.done()].concat())
}

impl Bench<'_> {
    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Trouble> {
        let KeyKind::Sign(algorithm) = self.key.held.info.kind else { return Err(other_kind()) };
        let mechanism = match algorithm {
            KeyAlgorithm::Ed25519 => {
                Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519))
            }
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => Mechanism::Ecdsa,
            KeyAlgorithm::Rsa2048 => Mechanism::RsaPkcs,
        };
        Ok(self.session.sign(&mechanism, self.key.object, input)?)
    }

    fn mac(&self, message: &[u8]) -> Result<Vec<u8>, Trouble> {
        self.needs(KeyKind::Mac)?;
        let mac = self.session.sign(&Mechanism::Sha256Hmac, self.key.object, message)?;
        if self.token.check {
            let key = self.key.object;
            match self.session.verify(&Mechanism::Sha256Hmac, key, message, &mac) {
                Err(Error::Pkcs11(RvError::SignatureInvalid | RvError::SignatureLenRange, _)) => {
                    return Err(wrong("a MAC that does not verify"));
                }
                verified => verified?,
            }
        }
        Ok(mac)
    }

    fn wrap(&self, nonce: [u8; 12], bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, Trouble> {
        self.needs(KeyKind::Wrap)?;
        let body = self.gcm(true, nonce, bound, plain)?;
        if self.token.check {
            let back = match self.gcm(false, nonce, bound, &body) {
                Err(Trouble::Settled(Failure::Transient(_) | Failure::Operation(_))) => Vec::new(),
                back => back?,
            };
            if verify_slices_are_equal(&Zeroizing::new(back), plain).is_err() {
                return Err(wrong("a wrapping that does not open to what was wrapped"));
            }
        }
        Ok(body)
    }

    fn unwrap(&self, nonce: [u8; 12], bound: &[u8], body: &[u8]) -> Result<Vec<u8>, Trouble> {
        self.needs(KeyKind::Wrap)?;
        let plain = match self.gcm(false, nonce, bound, body) {
            Err(trouble) => return Err(self.why_closed(trouble, nonce, bound, body)),
            Ok(plain) => plain,
        };
        if self.token.check && self.gcm(true, nonce, bound, &plain)? != body {
            return Err(wrong("a data key that wraps to something else"));
        }
        Ok(plain)
    }

    /// Libraries do not agree on how a wrong tag is told, and some tell it like a broken device. So
    /// it is worked out: encrypting undoes encrypting in counter mode, and what comes out has its
    /// own tag. Only if all but the tag agrees is the wrapping to blame.
    fn why_closed(&self, trouble: Trouble, nonce: [u8; 12], bound: &[u8], body: &[u8]) -> Trouble {
        let refused = || Failure::Operation("the wrapping does not open".to_owned()).into();
        match trouble {
            Trouble::Settled(Failure::Transient(_) | Failure::Operation(_)) => {}
            other => return other,
        }
        let Some((sealed, tag)) = body.split_last_chunk::<TAG>() else { return refused() };
        let again = || {
            let plain = Zeroizing::new(self.gcm(true, nonce, bound, sealed)?);
            self.gcm(true, nonce, bound, plain.get(..sealed.len()).unwrap_or_default())
        };
        match again() {
            Ok(again) if again.starts_with(sealed) && !again.ends_with(tag) => refused(),
            Ok(_) => trouble,
            Err(other) => other,
        }
    }

    fn gcm(
        &self,
        forward: bool,
        mut nonce: [u8; 12],
        bound: &[u8],
        input: &[u8],
    ) -> Result<Vec<u8>, Trouble> {
        let params = GcmParams::new(&mut nonce, bound, Ulong::new(TAG as u64 * 8))?;
        let mechanism = Mechanism::AesGcm(params);
        Ok(if forward {
            self.session.encrypt(&mechanism, self.key.object, input)?
        } else {
            self.session.decrypt(&mechanism, self.key.object, input)?
        })
    }

    fn permute(
        &self,
        digits: u32,
        below: u64,
        forward: bool,
        values: &[u8],
    ) -> Result<Vec<u8>, Trouble> {
        self.needs(KeyKind::Permutation)?;
        let (session, key, check) = (self.session, self.key.object, self.token.check);
        let mut cipher = TokenCipher { session, key, check };
        let walk = self.walk(&mut cipher, digits, below)?;
        let (chunks, rest) = values.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(Failure::Operation("not whole values".to_owned()).into());
        }
        let values = chunks.iter().map(|value| u64::from_be_bytes(*value)).collect();
        let mut values: Zeroizing<Vec<u64>> = Zeroizing::new(values);
        let walked = if forward {
            walk.permute(&mut cipher, &mut values)
        } else {
            walk.invert(&mut cipher, &mut values)
        };
        walked.map_err(refusal)?;
        Ok(values.iter().flat_map(|value| value.to_be_bytes()).collect())
    }

    /// The permutation of this domain, made ready once for each key.
    fn walk(
        &self,
        cipher: &mut TokenCipher<'_>,
        digits: u32,
        below: u64,
    ) -> Result<Arc<RemoteWalkingFf1>, Trouble> {
        let walks = || self.key.walks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(walk) = walks().get(&(digits, below)) {
            return Ok(Arc::clone(walk));
        }
        let walk = RemoteWalkingFf1::new(cipher, digits, below).map_err(refusal)?;
        let walk = Arc::new(walk);
        walks().insert((digits, below), Arc::clone(&walk));
        Ok(walk)
    }

    fn needs(&self, kind: KeyKind) -> Result<(), Trouble> {
        if self.key.held.info.kind == kind { Ok(()) } else { Err(other_kind()) }
    }
}

/// The AES key of a permutation, where it is.
struct TokenCipher<'a> {
    session: &'a Session,
    key: ObjectHandle,
    check: bool,
}

impl RemoteCipher for TokenCipher<'_> {
    type Error = Trouble;

    fn encrypt(&mut self, blocks: &mut [[u8; 16]]) -> Result<(), Trouble> {
        if blocks.is_empty() {
            return Ok(());
        }
        let blocks = blocks.as_flattened_mut();
        let images = self.session.encrypt(&Mechanism::AesEcb, self.key, blocks)?;
        let images = Zeroizing::new(images);
        if images.len() != blocks.len() {
            return Err(wrong("blocks of another length"));
        }
        if self.check {
            let back = self.session.decrypt(&Mechanism::AesEcb, self.key, &images)?;
            if *Zeroizing::new(back) != *blocks {
                return Err(wrong("blocks that decrypt to something else"));
            }
        }
        blocks.copy_from_slice(&images);
        Ok(())
    }
}

fn refusal(refusal: RemoteRefusal<Trouble>) -> Trouble {
    match refusal {
        RemoteRefusal::Cipher(trouble) => trouble,
        RemoteRefusal::Assignment(refusal) => {
            Failure::Operation(format!("the permutation refused: {}", refusal.label())).into()
        }
    }
}

fn other_kind() -> Trouble {
    Failure::Operation("the key is for something else".to_owned()).into()
}

fn wrong(why: &str) -> Trouble {
    Failure::Wrong(why.to_owned()).into()
}

/// Bytes of the tag.
const TAG: usize = 16;
