//! A PKCS#11 library that fails on demand: it forwards every function to the library named by
//! `SICK_HSM_MODULE` and injects the fault that stands in the file named by `SICK_HSM_CONTROL`,
//! which it reads again at every call. For tests only. An empty or missing file is health.
//!
//! Its first line holds the fault, optionally `on` and the one function that has it, optionally
//! `of` and the one kind of key that signs (`ecdsa`, `rsa`, `ed25519`, `hmac`), and optionally
//! `once`, which takes the line away before it strikes: then the next line counts. Faults: `stall`,
//! `hold` (until there is a file of the same name that ends in `.go`), `slow <milliseconds>`,
//! `crash`, `wrong` (a bit of what is signed, encrypted or decrypted is flipped), `sessions` (none
//! is left), `removed` (the token is gone, and its sessions with it), `error` (CKR_DEVICE_ERROR),
//! `spoilt` (the same from now on, healed or not, until the library is loaded anew), `locked` (the
//! PIN is refused), `babble` (what nobody asked for is written into every socket of the process),
//! `poor` (the token does not offer Ed25519), `well` (none: with `once` it lets one call pass).
//! With `late` what is signed, encrypted or decrypted is done before the fault strikes. What was
//! signed, and with which kind of key, is written to the file named by `SICK_HSM_SIGNED`.
//!
//! What it sees of the process that loads it goes into the file named by `SICK_HSM_REPORT`:
//! environment, open files, limits and privileges. Assumes that the wrapped library stays loaded to
//! the end of the process.

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_BBOOL, CK_BYTE, CK_FLAGS, CK_FUNCTION_LIST, CK_MECHANISM, CK_MECHANISM_TYPE,
    CK_NOTIFY, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID, CK_TOKEN_INFO, CK_TRUE,
    CK_ULONG, CK_USER_TYPE, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_ECDSA, CKM_EDDSA, CKM_RSA_PKCS,
    CKM_SHA256_HMAC, CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_FUNCTION_NOT_SUPPORTED,
    CKR_GENERAL_ERROR, CKR_OK, CKR_PIN_LOCKED, CKR_SESSION_COUNT, CKR_TOKEN_NOT_PRESENT, Pkcs11,
};
use std::collections::BTreeMap;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::raw::c_void;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{env, fs, process, ptr, slice, thread};

/// What a call meets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Well,
    Stall,
    Hold,
    Slow(Duration),
    Crash,
    Wrong,
    Sessions,
    Removed,
    Error,
    Locked,
    Spoilt,
    Babble,
    Poor,
}

struct Wrapped {
    real: CK_FUNCTION_LIST,
    sick: CK_FUNCTION_LIST,
    // Keeps the functions of both lists loaded.
    _library: Pkcs11,
}

/// The library, loaded once.
static WRAPPED: OnceLock<Option<Wrapped>> = OnceLock::new();
/// The slot of the last session: its sessions end when the token is removed.
static SLOT: AtomicU64 = AtomicU64::new(0);
/// What each session signs with.
static SIGNING: Mutex<BTreeMap<CK_SESSION_HANDLE, CK_MECHANISM_TYPE>> = Mutex::new(BTreeMap::new());
/// Held while a line is read and taken away.
static LINES: Mutex<()> = Mutex::new(());
/// Whether nothing works any more.
static SPOILT: AtomicBool = AtomicBool::new(false);
/// Which bit is flipped next.
static FLIPS: AtomicUsize = AtomicUsize::new(0);

/// The one symbol that a PKCS#11 library must have.
///
/// # Safety
/// `list` is valid for a write, as PKCS#11 wants it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    let Some(wrapped) = WRAPPED.get_or_init(load) else { return CKR_GENERAL_ERROR };
    // SAFETY: the caller hands in a place for a pointer. Nobody writes through what it is given.
    unsafe { *list = ptr::from_ref(&wrapped.sick).cast_mut() };
    CKR_OK
}

fn load() -> Option<Wrapped> {
    report();
    let path = env::var_os("SICK_HSM_MODULE")?;
    // SAFETY: the tests name a PKCS#11 library, whose initialisers are trusted.
    let library = unsafe { Pkcs11::new(path) }.ok()?;
    let get = library.C_GetFunctionList.as_ref().ok()?;
    let mut list = ptr::null_mut();
    // SAFETY: `list` is a place for a pointer.
    if unsafe { get(&mut list) } != CKR_OK || list.is_null() {
        return None;
    }
    // SAFETY: the library has said that its list is there; the list is copied.
    let real = unsafe { *list };
    let mut sick = real;
    overlay(&mut sick);
    sick.C_GetFunctionList = Some(C_GetFunctionList);
    Some(Wrapped { real, sick, _library: library })
}

fn real() -> Option<&'static CK_FUNCTION_LIST> {
    WRAPPED.get().and_then(Option::as_ref).map(|wrapped| &wrapped.real)
}

/// A call that a fault may be for.
#[derive(Clone, Copy)]
struct Call<'a> {
    function: &'a str,
    /// The kind of key that signs, if one does.
    of: &'a str,
    /// Whether it is done already.
    late: bool,
}

/// The fault that stands in the file for this function.
fn fault(function: &str) -> Option<Fault> {
    fault_for(Call { function, of: "", late: false })
}

fn fault_for(call: Call<'_>) -> Option<Fault> {
    let control = PathBuf::from(env::var_os("SICK_HSM_CONTROL")?);
    let _one_at_a_time = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let text = fs::read_to_string(&control).ok()?;
    let (line, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let words: Vec<&str> = line.split_whitespace().collect();
    let fault = match *words.first()? {
        "well" => Fault::Well,
        "stall" => Fault::Stall,
        "hold" => Fault::Hold,
        "slow" => Fault::Slow(Duration::from_millis(words.get(1)?.parse().ok()?)),
        "crash" => Fault::Crash,
        "wrong" => Fault::Wrong,
        "sessions" => Fault::Sessions,
        "removed" => Fault::Removed,
        "error" => Fault::Error,
        "locked" => Fault::Locked,
        "spoilt" => Fault::Spoilt,
        "babble" => Fault::Babble,
        "poor" => Fault::Poor,
        _ => return None,
    };
    let other = |word, own| words.windows(2).any(|pair| pair[0] == word && pair[1] != own);
    if other("on", call.function)
        || other("of", call.of)
        || words.contains(&"late") != call.late
        || !strikes(fault, call.function)
    {
        return None;
    }
    if words.contains(&"once") && !is_taken(&control, rest) {
        return None;
    }
    Some(fault)
}

/// Takes the first line away. Of several calls at once only one does, and only that has the fault.
fn is_taken(control: &Path, rest: &str) -> bool {
    if rest.is_empty() {
        return fs::remove_file(control).is_ok();
    }
    let next = control.with_extension(process::id().to_string());
    fs::write(&next, rest).and_then(|()| fs::rename(&next, control)).is_ok()
}

/// The kind of key that a session signs with.
fn signing(session: CK_SESSION_HANDLE) -> &'static str {
    let sessions = SIGNING.lock().unwrap_or_else(PoisonError::into_inner);
    match sessions.get(&session) {
        Some(&CKM_ECDSA) => "ecdsa",
        Some(&CKM_RSA_PKCS) => "rsa",
        Some(&CKM_EDDSA) => "ed25519",
        Some(&CKM_SHA256_HMAC) => "hmac",
        _ => "",
    }
}

fn strikes(fault: Fault, function: &str) -> bool {
    match fault {
        Fault::Wrong => ["C_Sign", "C_Encrypt", "C_Decrypt"].contains(&function),
        Fault::Sessions => function == "C_OpenSession",
        Fault::Locked => function == "C_Login",
        Fault::Poor => function == "C_GetMechanismList",
        _ => true,
    }
}

/// Has the fault happen; the code to return instead of going on.
fn suffer(fault: Option<Fault>, function: &str) -> Option<CK_RV> {
    if SPOILT.load(Ordering::Relaxed) {
        return Some(CKR_DEVICE_ERROR);
    }
    match fault? {
        Fault::Stall => loop {
            thread::park();
        },
        Fault::Hold => {
            let go =
                env::var_os("SICK_HSM_CONTROL").map(|path| Path::new(&path).with_extension("go"));
            while go.as_ref().is_some_and(|go| !go.exists()) {
                thread::sleep(Duration::from_millis(5));
            }
            None
        }
        Fault::Slow(time) => {
            thread::sleep(time);
            None
        }
        Fault::Crash => process::abort(),
        Fault::Well | Fault::Wrong | Fault::Poor => None,
        Fault::Sessions => Some(CKR_SESSION_COUNT),
        Fault::Removed => Some(remove(function)),
        Fault::Error => Some(CKR_DEVICE_ERROR),
        Fault::Locked => Some(CKR_PIN_LOCKED),
        Fault::Spoilt => {
            SPOILT.store(true, Ordering::Relaxed);
            Some(CKR_DEVICE_ERROR)
        }
        Fault::Babble => {
            babble();
            None
        }
    }
}

/// What is open in this process: its number and what it is.
fn open_files() -> impl Iterator<Item = (i32, String)> {
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let what = fs::read_link(entry.path()).ok()?;
        Some((entry.file_name().to_str()?.parse().ok()?, what.display().to_string()))
    })
}

fn babble() {
    for (number, _) in open_files().filter(|(_, what)| what.starts_with("socket:")) {
        // SAFETY: the socket is open, as the sessions of this process are to its end, and is not
        // closed here.
        let socket = ManuallyDrop::new(unsafe { UnixDatagram::from_raw_fd(number) });
        // Who does not listen does not hear it.
        let _ = socket.send(b"what nobody asked for");
    }
}

/// Tells what a library sees of the process that loads it.
fn report() {
    let Some(path) = env::var_os("SICK_HSM_REPORT") else { return };
    let mut text = String::new();
    for (name, _) in env::vars_os() {
        text += &format!("variable {}\n", name.to_string_lossy());
    }
    for (_, what) in open_files() {
        text += &format!("open {what}\n");
    }
    for file in ["limits", "status"] {
        text += &fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    }
    // Without a report the test that wants one fails.
    let _ = fs::write(path, text);
}

/// The token leaves its slot, and all its sessions end.
fn remove(function: &str) -> CK_RV {
    if let Some(close) = real().and_then(|real| real.C_CloseAllSessions) {
        // SAFETY: takes a number; a slot that is not there is refused.
        unsafe { close(SLOT.load(Ordering::Relaxed)) };
    }
    match function {
        "C_OpenSession" | "C_GetTokenInfo" => CKR_TOKEN_NOT_PRESENT,
        _ => CKR_DEVICE_REMOVED,
    }
}

/// Functions that go on to the library of the same name when no fault keeps them.
macro_rules! forwarded {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            #[expect(non_snake_case, reason = "named by PKCS#11")]
            unsafe extern "C" fn $name($($argument: $type),*) -> CK_RV {
                if let Some(code) = suffer(fault(stringify!($name)), stringify!($name)) {
                    return code;
                }
                match real().and_then(|real| real.$name) {
                    // SAFETY: the arguments are the caller's, for the same function.
                    Some(function) => unsafe { function($($argument),*) },
                    None => CKR_FUNCTION_NOT_SUPPORTED,
                }
            }
        )*

        fn overlay(list: &mut CK_FUNCTION_LIST) {
            $(list.$name = Some($name);)*
            list.C_OpenSession = Some(open_session);
            list.C_GetSlotList = Some(get_slot_list);
            list.C_GetMechanismList = Some(get_mechanism_list);
            list.C_SignInit = Some(sign_init);
            list.C_Sign = Some(sign);
            list.C_Encrypt = Some(encrypt);
            list.C_Decrypt = Some(decrypt);
        }
    };
}

forwarded! {
    C_GetTokenInfo(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO);
    C_Login(
        session: CK_SESSION_HANDLE, user: CK_USER_TYPE, pin: *mut CK_BYTE, pin_len: CK_ULONG
    );
    C_FindObjectsInit(
        session: CK_SESSION_HANDLE, template: *mut CK_ATTRIBUTE, count: CK_ULONG
    );
    C_GetAttributeValue(
        session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE,
        template: *mut CK_ATTRIBUTE, count: CK_ULONG
    );
    C_DestroyObject(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE);
    C_VerifyInit(
        session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE
    );
    C_Verify(
        session: CK_SESSION_HANDLE, data: *mut CK_BYTE, data_len: CK_ULONG,
        signature: *mut CK_BYTE, signature_len: CK_ULONG
    );
    C_EncryptInit(
        session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE
    );
    C_DecryptInit(
        session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM, key: CK_OBJECT_HANDLE
    );
    C_GenerateKey(
        session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM,
        template: *mut CK_ATTRIBUTE, count: CK_ULONG, key: *mut CK_OBJECT_HANDLE
    );
    C_GenerateKeyPair(
        session: CK_SESSION_HANDLE, mechanism: *mut CK_MECHANISM,
        public: *mut CK_ATTRIBUTE, public_count: CK_ULONG,
        private: *mut CK_ATTRIBUTE, private_count: CK_ULONG,
        public_key: *mut CK_OBJECT_HANDLE, private_key: *mut CK_OBJECT_HANDLE
    );
}

unsafe extern "C" fn open_session(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    application: *mut c_void,
    notify: CK_NOTIFY,
    session: *mut CK_SESSION_HANDLE,
) -> CK_RV {
    SLOT.store(slot, Ordering::Relaxed);
    if let Some(code) = suffer(fault("C_OpenSession"), "C_OpenSession") {
        return code;
    }
    match real().and_then(|real| real.C_OpenSession) {
        // SAFETY: the arguments are the caller's, for the same function.
        Some(function) => unsafe { function(slot, flags, application, notify, session) },
        None => CKR_FUNCTION_NOT_SUPPORTED,
    }
}

unsafe extern "C" fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    if let Some(code) = suffer(fault("C_SignInit"), "C_SignInit") {
        return code;
    }
    if !mechanism.is_null() {
        let mut sessions = SIGNING.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: PKCS#11 wants a mechanism there.
        sessions.insert(session, unsafe { (*mechanism).mechanism });
    }
    match real().and_then(|real| real.C_SignInit) {
        // SAFETY: the arguments are the caller's, for the same function.
        Some(function) => unsafe { function(session, mechanism, key) },
        None => CKR_FUNCTION_NOT_SUPPORTED,
    }
}

unsafe extern "C" fn get_slot_list(
    with_token: CK_BBOOL,
    slots: *mut CK_SLOT_ID,
    count: *mut CK_ULONG,
) -> CK_RV {
    let fault = fault("C_GetSlotList");
    if fault == Some(Fault::Removed) && with_token == CK_TRUE {
        // SAFETY: PKCS#11 wants a place for the number, always.
        unsafe { *count = 0 };
        return CKR_OK;
    }
    match real().and_then(|real| real.C_GetSlotList) {
        // SAFETY: the arguments are the caller's, for the same function.
        Some(function) => unsafe { function(with_token, slots, count) },
        None => CKR_FUNCTION_NOT_SUPPORTED,
    }
}

unsafe extern "C" fn get_mechanism_list(
    slot: CK_SLOT_ID,
    mechanisms: *mut CK_MECHANISM_TYPE,
    count: *mut CK_ULONG,
) -> CK_RV {
    let fault = fault("C_GetMechanismList");
    if let Some(code) = suffer(fault, "C_GetMechanismList") {
        return code;
    }
    let Some(function) = real().and_then(|real| real.C_GetMechanismList) else {
        return CKR_FUNCTION_NOT_SUPPORTED;
    };
    // SAFETY: the arguments are the caller's, for the same function.
    let code = unsafe { function(slot, mechanisms, count) };
    if fault == Some(Fault::Poor) && code == CKR_OK && !mechanisms.is_null() {
        // SAFETY: the library has just written so many mechanisms there.
        let list = unsafe { slice::from_raw_parts_mut(mechanisms, *count as usize) };
        let edwards = [CKM_EDDSA, CKM_EC_EDWARDS_KEY_PAIR_GEN];
        // One that is named twice is one.
        list.iter_mut().filter(|one| edwards.contains(*one)).for_each(|one| *one = CKM_RSA_PKCS);
    }
    code
}

/// Functions that turn data into other data, of which a bit may be flipped.
macro_rules! turning {
    ($($name:ident $real:ident $word:literal;)*) => {
        $(
            unsafe extern "C" fn $name(
                session: CK_SESSION_HANDLE,
                data: *mut CK_BYTE,
                data_len: CK_ULONG,
                out: *mut CK_BYTE,
                out_len: *mut CK_ULONG,
            ) -> CK_RV {
                let of = if $word == "C_Sign" { signing(session) } else { "" };
                let call = Call { function: $word, of, late: false };
                // Asking for the length is no work yet.
                let fault = if out.is_null() { None } else { fault_for(call) };
                if let Some(code) = suffer(fault, $word) {
                    return code;
                }
                let Some(function) = real().and_then(|real| real.$real) else {
                    return CKR_FUNCTION_NOT_SUPPORTED;
                };
                // SAFETY: the arguments are the caller's, for the same function.
                let code = unsafe { function(session, data, data_len, out, out_len) };
                if fault == Some(Fault::Wrong) && code == CKR_OK {
                    // SAFETY: the library has just written so many bytes there.
                    unsafe { flip(out, *out_len) };
                }
                let done = !out.is_null() && code == CKR_OK;
                if done && !of.is_empty() {
                    // SAFETY: the library has just read so many bytes there.
                    unsafe { note(of, data, data_len) };
                }
                let late = if done { fault_for(Call { late: true, ..call }) } else { None };
                suffer(late, $word).unwrap_or(code)
            }
        )*
    };
}

turning! {
    sign C_Sign "C_Sign";
    encrypt C_Encrypt "C_Encrypt";
    decrypt C_Decrypt "C_Decrypt";
}

/// Writes down what was signed.
///
/// # Safety
/// `data` is valid for reads of so many bytes.
unsafe fn note(of: &str, data: *const CK_BYTE, length: CK_ULONG) {
    let Some(file) = env::var_os("SICK_HSM_SIGNED") else { return };
    let length = usize::try_from(length).unwrap_or_default();
    // SAFETY: the caller's promise.
    let data = unsafe { slice::from_raw_parts(data, length) };
    let digits: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = fs::OpenOptions::new().append(true).create(true).open(file);
    drop(file.and_then(|mut file| file.write_all(format!("{of} {digits}\n").as_bytes())));
}

/// Flips one bit, each time another one.
///
/// # Safety
/// `out` is valid for writes of so many bytes.
unsafe fn flip(out: *mut CK_BYTE, length: CK_ULONG) {
    let bit = FLIPS.fetch_add(7, Ordering::Relaxed);
    let length = usize::try_from(length).unwrap_or_default();
    if length > 0 {
        // SAFETY: the place is below the length.
        unsafe { *out.add(bit / 8 % length) ^= 1 << (bit % 8) };
    }
}
