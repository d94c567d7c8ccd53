//! Number lists and notification data: who is told what, and what a run that broke off or met
//! another one leaves.

use crate::country::listed;
use crate::feeds::{CHIYODA, CHUO, TARO, feed, line, line_of, newcomers};
use crate::house::{House, files_below};
use app::Platform;
use app::number_change::{ChangeAsked, number_change};
use app::number_list::number_lists;
use app::number_provisional::provisional_list;
use base::{Actor, Problem, Purpose, labels};
use policy::Action;
use ports::{Publication, Store, TxWork, ViewWork};
use registry::resident::{ChangeGround, LeakReason};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use store::PublicationDirectory;

const NEW_ADDRESS: &str = "東京都中央区築地一丁目１番１号";

/// The delivered files by path.
fn delivered(house: &House) -> BTreeMap<String, String> {
    let files = files_below(&house.data().join("deliveries"));
    let named = files
        .into_iter()
        .map(|(name, bytes)| (name.display().to_string(), String::from_utf8(bytes).unwrap()));
    named.collect()
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().skip(1).collect()
}

#[test]
fn who_has_moved_on_is_told_of_in_the_new_town_only() {
    let house = House::quick();
    let code = house.codes(CHIYODA, 1).remove(0);
    let moved = TARO.replace("東京都千代田区霞が関一丁目２番３号", NEW_ADDRESS);
    house.import(&feed(&[line(1, "move_in", &code, TARO), line(2, "move_out", &code, "")]));
    house.import(&feed(&[line_of(CHUO, 1, "move_in", &code, &moved)]));
    house.ask(&["lists"]).good();
    let files = delivered(&house);
    let old: Vec<_> = files.iter().filter(|(name, _)| name.starts_with(CHIYODA)).collect();
    assert!(old.iter().all(|(_, text)| !text.contains(NEW_ADDRESS)), "{old:?}");
    assert_eq!(lines(&files["131016/number-list-000001.csv"]).len(), 1);
    assert_eq!(lines(&files["131016/notification-000001.csv"]), [""; 0]);
    assert_eq!(lines(&files["131024/number-list-000001.csv"]), [""; 0]);
    assert!(lines(&files["131024/notification-000001.csv"])[0].contains(NEW_ADDRESS));
    house.done();
}

#[test]
fn a_line_names_the_number_that_its_act_made() {
    let house = House::quick();
    let code = house.codes(CHIYODA, 1).remove(0);
    let clerk: Actor = format!("municipality:{CHIYODA}").parse().unwrap();
    let chiyoda = CHIYODA.parse().unwrap();
    let numbering = Purpose::Numbering;
    app::commit::transact(&house.platform(), |work| {
        let action = Action::NumberProvisional;
        let permit = app::permit(&clerk, action, numbering, Some(chiyoda))?;
        provisional_list(work, &permit, chiyoda, &[code.parse().unwrap()]).map(drop)
    })
    .unwrap();
    house.import(&feed(&[line(1, "move_in", &code, TARO)]));
    app::commit::transact(&house.platform(), |work| {
        let asked = ChangeAsked {
            municipality: chiyoda,
            code: code.parse().unwrap(),
            ground: ChangeGround::ExOfficio,
            reason: Some(LeakReason::ALL[0]),
            current: None,
        };
        number_change(work, &clerk, numbering, &asked).map(drop)
    })
    .unwrap();
    house.ask(&["lists"]).good();
    let files = delivered(&house);
    let list = lines(&files["131016/number-list-000001.csv"]);
    let cells: Vec<Vec<_>> = list.iter().map(|line| line.split(',').collect()).collect();
    let (numbers, states): (Vec<_>, Vec<_>) = cells.iter().map(|c| (c[2], c[3])).unzip();
    assert_eq!(states, ["replaced", "replaced", "designated"], "{list:?}");
    assert!(numbers[0] == numbers[1] && numbers[1] != numbers[2], "{list:?}");
    house.done();
}

/// A place where nothing can be written; keeps what was to be.
#[derive(Default)]
struct Shut(Mutex<BTreeMap<String, String>>);

impl Publication for Shut {
    fn read(&self, _: &str) -> Result<Option<Vec<u8>>, Problem> {
        Ok(None)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Problem> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        self.0.lock().unwrap().insert(path.to_owned(), text);
        Err(Problem::new(&labels::STORE_FULL, "shut"))
    }
}

#[test]
fn a_list_is_written_as_it_was_made_whatever_came_meanwhile() {
    let house = House::quick();
    let codes = house.codes(CHIYODA, 3);
    house.import(&newcomers(&codes[..2]));
    let shut = Shut::default();
    let refused = number_lists(&house.platform(), &shut, &mut |_| {}).unwrap_err();
    assert_eq!(refused.label(), "store_full");
    let record = TARO.replace("太郎", "三郎");
    house.import(&feed(&[line(3, "move_in", &codes[2], &record), line(4, "death", &codes[0], "")]));
    house.ask(&["lists"]).good();
    let files = delivered(&house);
    for (path, text) in shut.0.into_inner().unwrap() {
        assert!(files[&path] == text, "{path} has other bytes");
    }
    assert_eq!(listed(&house).len(), 3);
    let again = house.ask(&["lists"]).good();
    assert_eq!((&again["lists"], delivered(&house)), (&0.into(), files));
    house.done();
}

/// A store in which somebody else is at work just before the first transaction.
struct Meddled {
    store: Arc<dyn Store>,
    meddle: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Store for Meddled {
    fn kind(&self) -> &'static str {
        self.store.kind()
    }

    fn transact(&self, name: &'static str, work: TxWork<'_>) -> Result<(), Problem> {
        let meddle = self.meddle.lock().unwrap().take();
        meddle.into_iter().for_each(|meddle| meddle());
        self.store.transact(name, work)
    }

    fn snapshot(&self, name: &'static str, work: ViewWork<'_>) -> Result<(), Problem> {
        self.store.snapshot(name, work)
    }

    fn check_integrity(&self) -> Result<Vec<String>, Problem> {
        self.store.check_integrity()
    }
}

#[test]
fn two_runs_at_once_deliver_each_number_once() {
    let house = House::quick();
    house.import(&newcomers(&house.codes(CHIYODA, 3)));
    let place = house.data().join("deliveries");
    let deliveries = Arc::new(PublicationDirectory::open_private(&place).unwrap());
    let (other, into) = (house.platform(), Arc::clone(&deliveries));
    let meddle = move || {
        assert_eq!(number_lists(&other, &*into, &mut |_| {}).unwrap().entries, 3);
    };
    let store = house.platform().store;
    let store = Arc::new(Meddled { store, meddle: Mutex::new(Some(Box::new(meddle))) });
    let platform = Platform { store, ..house.platform() };
    let made = number_lists(&platform, &*deliveries, &mut |_| {}).unwrap();
    assert_eq!((made.lists, made.entries), (0, 0));
    assert_eq!(listed(&house).len(), 3);
    assert_eq!(files_below(&place).len(), 2);
    house.done();
}
