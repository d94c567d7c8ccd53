//! A full disk: a small file system of its own, which only root can make; others skip this.

use crate::feeds::{CHIYODA, newcomers};
use crate::house::{House, copy_tree};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory, gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// A disk of so many KiB; nothing where the machine does not let us make one.
    fn mount(place: &Path, kib: u32) -> Option<Self> {
        std::fs::create_dir_all(place).unwrap();
        let size = format!("size={kib}k");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs"], place);
        mounted.then(|| Self(place.to_owned()))
    }

    fn resize(&self, kib: u32) {
        let options = format!("remount,size={kib}k");
        assert!(run("mount", &["-o", &options], &self.0));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l"], &self.0);
    }
}

fn run(program: &str, arguments: &[&str], place: &Path) -> bool {
    let output = Command::new(program).args(arguments).arg(place).output();
    output.is_ok_and(|output| output.status.success())
}

/// At every size from too small to large enough: the label, the exit code, and nothing half done.
#[test]
fn a_full_disk_is_named_and_the_same_command_completes_later() {
    let start = House::quick();
    let codes = start.codes(CHIYODA, EVENTS);
    let feed = start.write("feed.csv", newcomers(&codes));
    let needed = {
        let calm = start.copy();
        calm.ask(&["import", &feed]).good();
        calm.ask(&["lists"]).good();
        used_kib(calm.data())
    };
    let Some((house, disk)) = on_a_small_disk(&start, needed * 4) else { return };
    let before = used_kib(start.data());
    let mut refused = 0;
    for share in [2, 10, 25, 45, 65, 90, 130, 400] {
        disk.resize(before + (needed - before) * share / 100);
        refused += u32::from(is_refused_for_room(&house, &["import", &feed]));
        refused += u32::from(is_refused_for_room(&house, &["lists"]));
    }
    assert!(refused >= 3, "the disk was full only {refused} times");
    disk.resize(needed * 4);
    let report = house.ask(&["import", &feed]).good();
    assert_eq!(report["repeated"], EVENTS, "the last sizes were large enough");
    house.ask(&["lists"]).good();
    assert_eq!(crate::country::listed(&house).len(), EVENTS);
    house.done();
}

/// The whole first road on a disk that is too small for it, and then is not.
#[test]
fn a_disk_that_is_full_at_the_first_road_costs_only_time() {
    let arguments = ["up", "--no-serve", "--residents", "10"];
    let start = House::empty();
    start.prepare_keystore();
    let calm = start.copy();
    let expected = calm.ask(&arguments).good();
    let needed = used_kib(calm.data());
    let Some((house, disk)) = on_a_small_disk(&start, needed * 4) else { return };
    let before = used_kib(start.data());
    let mut refused = 0;
    for share in [0, 1, 3, 10, 40, 70, 95] {
        disk.resize(before + 4 + needed * share / 100);
        refused += u32::from(is_refused_for_room(&house, &arguments));
    }
    assert!(refused >= 4, "the disk was full only {refused} times");
    disk.resize(needed * 4);
    let told = house.ask(&arguments).good();
    assert_eq!((&told["persons"], &told["faults"]), (&expected["persons"], &expected["faults"]));
    house.done();
}

/// A copy of a house on a disk of its own; none, and said so, where nothing can be mounted.
fn on_a_small_disk(start: &House, kib: u32) -> Option<(House, SmallDisk)> {
    let house = House::empty();
    let Some(disk) = SmallDisk::mount(house.data(), kib) else {
        skipped("this user cannot mount a small disk");
        return None;
    };
    copy_tree(start.data(), house.data());
    Some((house, disk))
}

/// Says what was not tried; a failure where everything must be.
fn skipped(why: &str) {
    let whole = std::env::var_os("SEKISHO_SKIP").is_some_and(|may| may == "never");
    assert!(!whole, "{why}, and SEKISHO_SKIP says never");
    eprintln!("skipped: {why}");
}

/// Runs a command; whether the disk had no room for it. There is no third way.
fn is_refused_for_room(house: &House, arguments: &[&str]) -> bool {
    let told = house.ask(arguments);
    if told.code != 0 {
        let problem = told.problem(5, "store_full");
        assert!(problem["title"].as_str().unwrap().contains("full"));
    }
    told.code != 0
}

fn used_kib(folder: &Path) -> u32 {
    let pages = |bytes: usize| u32::try_from(bytes.div_ceil(4096)).unwrap() * 4;
    crate::house::files_below(folder).iter().map(|(_, bytes)| pages(bytes.len()) + 4).sum()
}

const EVENTS: usize = 600;
