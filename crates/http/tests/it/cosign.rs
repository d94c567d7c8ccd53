//! Gathering: what becomes of a checkpoint when witnesses are good, silent, wrong or against it.

use crate::house::House;
use crate::witness::Home;
use app::Publisher;
use app::cosign::KnownWitness;
use app::witness::Said;
use base::{Problem, labels};
use ledger::note::VerifierKey;
use ledger::witness::{Request, conflict_body};
use ports::{Publication, Witness, WitnessAnswer};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::PublicationDirectory;

type Say = dyn Fn(&str) -> Result<WitnessAnswer, Problem> + Send + Sync;

/// A witness without a network, and what it was asked.
struct Near {
    say: Box<Say>,
    asked: Mutex<Vec<Request>>,
}

impl Witness for Near {
    fn add_checkpoint(&self, request: &str, within: Duration) -> Result<WitnessAnswer, Problem> {
        assert!(within <= Duration::from_millis(400), "{within:?}");
        self.asked.lock().unwrap().push(request.parse().unwrap());
        (self.say)(request)
    }
}

impl Near {
    fn new(
        say: impl Fn(&str) -> Result<WitnessAnswer, Problem> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { say: Box::new(say), asked: Mutex::default() })
    }

    /// Answers always the same.
    fn saying(status: u16, body: &str) -> Arc<Self> {
        let body = body.to_owned();
        Self::new(move |_| Ok(WitnessAnswer { status, body: body.clone() }))
    }

    /// A true witness, while it is awake.
    fn honest(home: &Home, awake: &Arc<AtomicBool>) -> Arc<Self> {
        let (witness, awake) = (Arc::clone(&home.witness), Arc::clone(awake));
        Self::new(move |request| {
            if !awake.load(Ordering::SeqCst) {
                return Err(Problem::new(&labels::WITNESS_UNREACHABLE, ""));
            }
            Ok(match witness.add_checkpoint(request).unwrap() {
                Said::Cosigned(body) => WitnessAnswer { status: 200, body },
                Said::Knows(known) => WitnessAnswer { status: 409, body: conflict_body(known) },
                Said::Refused(refusal) => {
                    WitnessAnswer { status: refusal.status(), body: String::new() }
                }
            })
        })
    }

    /// The old sizes that it was asked from, with the lengths of the proofs.
    fn asked(&self) -> Vec<(u64, usize)> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|request| (request.old, request.path.len())).collect()
    }

    fn known(self: &Arc<Self>, key: &VerifierKey) -> KnownWitness {
        KnownWitness { key: key.clone(), way: Arc::clone(self) as Arc<dyn Witness> }
    }
}

fn publication(house: &House) -> Arc<PublicationDirectory> {
    Arc::new(PublicationDirectory::open(&house.directory.path().join("public")).unwrap())
}

fn publisher(house: &House, witnesses: Vec<KnownWitness>) -> Publisher {
    let publisher = Publisher::open(house.platform.clone(), publication(house)).unwrap();
    publisher.with_witnesses(witnesses)
}

/// The names of those who cosigned what is published now; every line must verify.
fn cosigners(house: &House, keys: &[&VerifierKey]) -> Vec<String> {
    let identity = app::publish::identity(&house.platform).unwrap();
    let note = app::publish::published_checkpoint(&*publication(house)).unwrap();
    let keys: Vec<_> = keys.iter().map(|key| (*key).clone()).collect();
    let open = identity.open(&String::from_utf8(note).unwrap(), &keys).unwrap();
    assert_eq!(open.note().lines().len(), open.cosigners().len() + 1, "a line of nobody");
    open.cosigners().iter().map(|signer| signer.key.name().to_string()).collect()
}

fn missing(publisher: &Publisher) -> Vec<(String, &'static str)> {
    let missing = publisher.missing().into_iter();
    missing.map(|(key, why)| (key.name().to_string(), why.text)).collect()
}

fn log_key(house: &House) -> VerifierKey {
    app::publish::identity(&house.platform).unwrap().keys.remove(0)
}

fn always() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(true))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_is_shown_with_the_cosignatures_that_verify() {
    let house = House::open().await;
    house.stock(1).await;
    let homes = ["w/b", "w/a", "w/c"].map(|name| Home::new(name, &[log_key(&house)]));
    let keys = homes.each_ref().map(|home| home.witness.key().clone());
    let honest = homes.each_ref().map(|home| Near::honest(home, &always()));
    let other = Home::new("w/other", &[log_key(&house)]);
    let stranger = Near::honest(&other, &always());
    let names = ["silent", "refusing", "empty", "garbled", "endless"];
    let odd = names.map(|name| Home::new(name, &[]).witness.key().clone());
    let silent = Near::new(|_| Err(Problem::new(&labels::WITNESS_UNREACHABLE, "")));
    let endless = AtomicUsize::new(0);
    let endless = Near::new(move |_| {
        let known = endless.fetch_add(1, Ordering::SeqCst) % 2;
        Ok(WitnessAnswer { status: 409, body: conflict_body(1 - known as u64) })
    });
    let mut publisher = publisher(
        &house,
        vec![
            silent.known(&odd[0]),
            honest[0].known(&keys[0]),
            Near::saying(404, "").known(&odd[1]),
            honest[1].known(&keys[1]),
            Near::saying(200, "").known(&odd[2]),
            Near::saying(409, "one\n").known(&odd[3]),
            // The third answers with the key of somebody else.
            stranger.known(&keys[2]),
            endless.known(&odd[4]),
        ],
    );
    let signed = publisher.publish().unwrap().unwrap();
    let all = keys.each_ref();
    assert_eq!(cosigners(&house, &all), ["w/a", "w/b"], "in the order of their keys");
    assert_eq!(
        missing(&publisher),
        [
            ("silent", "witness_unreachable"),
            ("refusing", "witness_refused"),
            ("empty", "witness_answer"),
            ("garbled", "witness_answer"),
            ("w/c", "witness_answer"),
            ("endless", "witness_answer"),
        ]
        .map(|(name, label)| (name.to_owned(), label))
    );
    assert_eq!(endless.asked().len(), 2, "asked again once");
    assert!(honest[0].asked() == [(0, 0)] && signed.size > 0);
    let counts = publisher.tally().counts();
    assert!(counts.contains(&("w/a".to_owned(), "", 1)), "{counts:?}");
    assert!(counts.contains(&("silent".to_owned(), "witness_unreachable", 1)), "{counts:?}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_away_is_asked_again_and_brought_up_to_date_with_a_proof() {
    let house = House::open().await;
    let home = Home::new("w", &[log_key(&house)]);
    let (key, awake) = (home.witness.key().clone(), always());
    let near = Near::honest(&home, &awake);
    let mut publisher = publisher(&house, vec![near.known(&key)]);
    for _ in 0..3 {
        house.stock(1).await;
    }
    publisher.publish().unwrap().unwrap();
    awake.store(false, Ordering::SeqCst);
    for _ in 0..2 {
        house.stock(1).await;
    }
    publisher.publish().unwrap().unwrap();
    assert_eq!(cosigners(&house, &[&key]), [""; 0]);
    awake.store(true, Ordering::SeqCst);
    // Nothing new is committed: the same checkpoint gets its cosignature after a pause.
    assert_eq!(publisher.publish().unwrap(), None);
    assert_eq!(cosigners(&house, &[&key]), [""; 0]);
    assert_eq!(publisher.publish().unwrap(), None);
    assert_eq!(cosigners(&house, &[&key]), ["w"]);
    assert_eq!(missing(&publisher), []);
    assert_eq!(near.asked(), [(0, 0), (3, 4), (3, 4)]);
    assert_eq!(publisher.publish().unwrap(), None);
    assert_eq!(near.asked().len(), 3, "asked for what is there");
    house.close().await;
}

/// The silent cost less and less: the pauses between questions grow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_witness_is_asked_seldom() {
    let house = House::open().await;
    house.stock(1).await;
    let near = Near::new(|_| Err(Problem::new(&labels::WITNESS_UNREACHABLE, "")));
    let key = Home::new("w", &[]).witness.key().clone();
    let mut publisher = publisher(&house, vec![near.known(&key)]);
    let mut asked = Vec::new();
    for _ in 0..64 {
        publisher.publish().unwrap();
        asked.push(near.asked().len());
    }
    let turns: Vec<_> = (1..64).filter(|at| asked[*at] > asked[at - 1]).collect();
    assert_eq!(turns, [2, 6, 14, 30, 46, 62]);
    house.close().await;
}

/// A publication made again has no partial tiles of the sizes before; the proof needs none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_is_brought_up_to_date_after_the_publication_was_lost() {
    let house = House::open().await;
    let home = Home::new("w", &[log_key(&house)]);
    let key = home.witness.key().clone();
    let near = Near::honest(&home, &always());
    for count in [5, 257] {
        for _ in 0..count {
            house.stock(1).await;
        }
        publisher(&house, vec![near.known(&key)]).publish().unwrap().unwrap();
    }
    house.stock(1).await;
    publisher(&house, vec![]).publish().unwrap().unwrap();
    std::fs::remove_dir_all(house.directory.path().join("public")).unwrap();
    let mut publisher = publisher(&house, vec![near.known(&key)]);
    assert_eq!(publisher.publish().unwrap(), None);
    assert_eq!((cosigners(&house, &[&key]), missing(&publisher)), (vec!["w".to_owned()], vec![]));
    let asked: Vec<_> = near.asked().into_iter().map(|(old, _)| old).collect();
    assert_eq!(asked, [0, 0, 5, 0, 262]);
    house.close().await;
}

/// After a start nothing is known of a witness but what is stored; it says itself how far it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_publisher_learns_from_the_store_and_from_the_witness() {
    let house = House::open().await;
    let home = Home::new("w", &[log_key(&house)]);
    let key = home.witness.key().clone();
    let near = Near::honest(&home, &always());
    house.stock(1).await;
    publisher(&house, vec![near.known(&key)]).publish().unwrap().unwrap();
    let shown = app::publish::published_checkpoint(&*publication(&house)).unwrap();
    let mut again = publisher(&house, vec![near.known(&key)]);
    assert_eq!(again.publish().unwrap(), None);
    assert_eq!(near.asked(), [(0, 0)], "what is stored is not asked for");
    assert_eq!(app::publish::published_checkpoint(&*publication(&house)).unwrap(), shown);
    house.stock(1).await;
    let mut third = publisher(&house, vec![near.known(&key)]);
    third.publish().unwrap().unwrap();
    assert_eq!(near.asked()[1..], [(0, 0), (1, 1)]);
    assert_eq!(cosigners(&house, &[&key]), ["w"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_witness_says_against_the_ledger_is_told_and_publishing_goes_on() {
    let house = House::open().await;
    house.stock(1).await;
    let keys = ["split", "ahead"].map(|name| Home::new(name, &[]).witness.key().clone());
    let ahead = Near::saying(409, &conflict_body(1_000));
    let witnesses = vec![Near::saying(422, "").known(&keys[0]), ahead.known(&keys[1])];
    let mut publisher = publisher(&house, witnesses);
    let signed = publisher.publish().unwrap().unwrap();
    let expected = [("split", "witness_split_view"), ("ahead", "witness_ahead")];
    assert_eq!(missing(&publisher), expected.map(|(name, label)| (name.to_owned(), label)));
    assert_eq!(ahead.asked().len(), 1, "there is no proof backwards");
    let note = app::publish::published_checkpoint(&*publication(&house)).unwrap();
    assert_eq!(note, signed.note.as_bytes());
    // What it said once is not held against it: it is asked again.
    assert_eq!([(); 2].map(|()| publisher.publish().unwrap()), [None, None]);
    assert_eq!(ahead.asked(), [(0, 0), (0, 0)]);
    house.close().await;
}

/// Two publishers on one ledger: the one that is overtaken has nothing to complain about.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_that_was_overtaken_leaves_the_witnesses_to_the_other() {
    let house = House::open().await;
    let home = Home::new("w", &[log_key(&house)]);
    let key = home.witness.key().clone();
    house.stock(1).await;
    let honest = Near::honest(&home, &always());
    let other = Mutex::new(publisher(&house, vec![honest.known(&key)]));
    let runtime = tokio::runtime::Handle::current();
    let house = Arc::new(house);
    let (inside, first) = (Arc::clone(&house), AtomicBool::new(true));
    let near = Near::new(move |request| {
        if first.swap(false, Ordering::SeqCst) {
            runtime.block_on(inside.stock(1));
            other.lock().unwrap().publish().unwrap().unwrap();
        }
        honest.add_checkpoint(request, Duration::ZERO)
    });
    let mut publisher = publisher(&house, vec![near.known(&key)]);
    assert_eq!(publisher.publish().unwrap().unwrap().size, 1);
    assert_eq!((missing(&publisher), near.asked().len()), (vec![], 1));
    assert_eq!(cosigners(&house, &[&key]), ["w"], "the other's checkpoint is shown");
    drop((publisher, near));
    Arc::into_inner(house).unwrap().close().await;
}

/// A place of publication that fails once when told to.
struct Fragile {
    inner: Arc<PublicationDirectory>,
    writes_left: AtomicUsize,
}

impl Publication for Fragile {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        self.inner.read(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Problem> {
        if self.writes_left.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Err(Problem::new(&labels::STORE_FULL, path));
        }
        self.inner.write(path, bytes)
    }
}

/// Whichever write fails, the next round publishes everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_that_broke_off_is_made_good_by_the_next() {
    // The first full tile, and the checkpoint.
    for failing in [1, 5] {
        let house = House::open().await;
        for _ in 0..257 {
            house.stock(1).await;
        }
        let writes_left = AtomicUsize::new(failing);
        let fragile = Arc::new(Fragile { inner: publication(&house), writes_left });
        let home = Home::new("w", &[log_key(&house)]);
        let near = Near::honest(&home, &always());
        let key = home.witness.key();
        let opened = Publisher::open(house.platform.clone(), fragile).unwrap();
        let mut publisher = opened.with_witnesses(vec![near.known(key)]);
        assert_eq!(publisher.publish().unwrap_err().label(), "store_full", "{failing}");
        publisher.publish().unwrap();
        assert_eq!(publisher.size(), 257);
        assert_eq!(cosigners(&house, &[key]), ["w"]);
        for path in ["tile/0/000", "tile/0/001.p/1", "tile/entries/000", "tile/1/000.p/1"] {
            assert!(publication(&house).read(path).unwrap().is_some(), "{failing}: {path}");
        }
        house.close().await;
    }
}
