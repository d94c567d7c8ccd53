//! Where the ledger is published: tiles, entry bundles and the checkpoint, by their C2SP paths.
//!
//! Trust: whoever can change what is published can at most take it away or serve something that
//! does not add up to a signed checkpoint. Everything here can be made again from the store.

use base::Problem;

/// A place of publication, such as a directory behind any web server.
pub trait Publication: Send + Sync {
    /// What stands at `path`, if anything.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Problem>;

    /// Puts `bytes` at `path`, whole or not at all. Durable when it returns.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Problem>;

    /// Puts many in their places, each whole or not at all. All durable when it returns; when it
    /// fails, any of them may be there.
    fn write_all(&self, files: &[(String, &[u8])]) -> Result<(), Problem> {
        files.iter().try_for_each(|(path, bytes)| self.write(path, bytes))
    }
}
