//! A place for lists where something else happens meanwhile, and which cannot be read everywhere.

use base::Problem;
use ports::Publication;
use std::sync::{Arc, Mutex};
use store::PublicationDirectory;

/// What another program does meanwhile, once.
type Deed = Box<dyn FnOnce() + Send>;

/// A place where others are at work too.
pub(crate) struct Shared {
    place: Arc<PublicationDirectory>,
    /// A file that cannot be read.
    pub(crate) unreadable: Option<String>,
    before_read: Mutex<Option<Deed>>,
    before_write: Mutex<Option<Deed>>,
    written: Mutex<Vec<String>>,
}

impl Shared {
    pub(crate) fn new(place: Arc<PublicationDirectory>) -> Self {
        Self {
            place,
            unreadable: None,
            before_read: Mutex::default(),
            before_write: Mutex::default(),
            written: Mutex::default(),
        }
    }

    /// The same, where this happens before a file is first read.
    pub(crate) fn before_read(self, deed: impl FnOnce() + Send + 'static) -> Self {
        *self.before_read.lock().unwrap() = Some(Box::new(deed));
        self
    }

    /// The same, where this happens before a file is first written.
    pub(crate) fn before_write(self, deed: impl FnOnce() + Send + 'static) -> Self {
        *self.before_write.lock().unwrap() = Some(Box::new(deed));
        self
    }

    /// Which files were written, in turn.
    pub(crate) fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }
}

impl Publication for Shared {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        if self.unreadable.as_deref() == Some(path) {
            return Err(Problem::new(&base::labels::IO, "on demand"));
        }
        happen(&self.before_read);
        self.place.read(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Problem> {
        happen(&self.before_write);
        self.written.lock().unwrap().push(path.to_owned());
        self.place.write(path, bytes)
    }
}

/// Not under the lock: what happens may come to the same place.
fn happen(deed: &Mutex<Option<Deed>>) {
    let deed = deed.lock().unwrap().take();
    if let Some(deed) = deed {
        deed();
    }
}
