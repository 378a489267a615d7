//! What is in the package, what its scripts do, and how hard its unit is.

use std::io::Read;
use std::path::Path;
use std::process::Output;

use super::*;

/// A program that asks for two releases of the C library.
const PROGRAM: &[u8] = b"\x7fELF GLIBC_2.9\0 GLIBC_2.34\0 GLIBC_PRIVATE\0float encoders: run by tract\0";

#[test]
fn a_package_says_what_its_program_says_of_encoders_in_float() {
    let said = |program: &[u8]| float_encoders(program).map_err(|error| error.to_string());
    assert_eq!(said(PROGRAM), Ok("Float encoders: run by tract".to_owned()));
    let without = b"\x7fELF float encoders: refused, tract is not built in\0";
    assert_eq!(said(without), Ok("Float encoders: refused, tract is not built in".to_owned()));
    for program in [&b"\x7fELF"[..], &[PROGRAM, without].concat()] {
        assert!(said(program).is_err_and(|why| why.contains("does not say")));
    }
}

fn of(architecture: Architecture) -> Package {
    package(architecture, PROGRAM, VERSION).expect("a package")
}

/// The members of an `ar` archive.
fn members(mut bytes: &[u8]) -> Vec<(String, &[u8])> {
    bytes = bytes.strip_prefix(b"!<arch>\n").expect("an archive");
    let mut members = Vec::new();
    while !bytes.is_empty() {
        let (head, rest) = bytes.split_at(60);
        let field = |from: usize, to: usize| core::str::from_utf8(&head[from..to]).expect("text").trim();
        assert_eq!(&head[58..], b"`\n");
        let length: usize = field(48, 58).parse().expect("a length");
        members.push((field(0, 16).to_owned(), &rest[..length]));
        bytes = &rest[length.next_multiple_of(2).min(rest.len())..];
    }
    members
}

/// The files of a compressed archive: path, permissions, contents. Folders are checked, and left out.
fn files(archive: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut files = Vec::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let header = entry.header().clone();
        let root = (header.uid().ok(), header.gid().ok());
        assert_eq!((root, header.mtime().ok()), ((Some(0), Some(0)), Some(crate::debian_package::TIME)));
        let path = String::from_utf8(entry.path_bytes().into_owned()).expect("text");
        let mode = header.mode().expect("permissions");
        if header.entry_type().is_dir() {
            assert_eq!(mode, 0o755, "{path}");
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("contents");
        files.push((path, mode, bytes));
    }
    files
}

#[test]
fn the_package_has_program_unit_rules_and_a_configuration_that_upgrades_keep() {
    let package = of(Architecture::Arm64);
    assert_eq!(package.file_name(), concat!("postern-door_", env!("CARGO_PKG_VERSION"), "_arm64.deb"));
    let bytes = package.bytes().expect("bytes");
    assert!(
        bytes == of(Architecture::Arm64).bytes().expect("bytes"),
        "the same contents give the same bytes"
    );
    let members = members(&bytes);
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["debian-binary", "control.tar.gz", "data.tar.gz"]);
    assert_eq!(members[0].1, b"2.0\n");

    let control = files(members[1].1);
    let text = |name: &str| {
        let (.., bytes) = control.iter().find(|(path, ..)| path == name).expect(name);
        String::from_utf8(bytes.clone()).expect("text")
    };
    assert_eq!(text("./conffiles"), "/etc/postern/postern-door.toml\n");
    let fields = text("./control");
    assert!(fields.contains("Architecture: arm64\n"), "{fields}");
    assert!(fields.contains("Depends: libc6 (>= 2.34), libgcc-s1, systemd, udev\n"), "{fields}");
    assert!(fields.contains("\n Float encoders: run by tract.\n"), "{fields}");
    for script in ["./preinst", "./postinst", "./prerm", "./postrm"] {
        assert!(control.iter().any(|(path, mode, _)| path == script && *mode == 0o755), "{script}");
    }

    let data: Vec<_> = files(members[2].1).into_iter().map(|(path, mode, _)| (path, mode)).collect();
    let expected = [
        ("./etc/postern/postern-door.toml", 0o644),
        ("./usr/bin/postern-door", 0o755),
        ("./usr/lib/systemd/system/postern-door.service", 0o644),
        ("./usr/lib/sysusers.d/postern-door.conf", 0o644),
        ("./usr/lib/tmpfiles.d/postern-door.conf", 0o644),
        ("./usr/lib/udev/rules.d/60-postern-door.rules", 0o644),
        ("./usr/share/doc/postern-door/changelog.gz", 0o644),
        ("./usr/share/doc/postern-door/copyright", 0o644),
        ("./usr/share/doc/postern-door/images/raspberry-pi.svg", 0o644),
        ("./usr/share/doc/postern-door/linux.md", 0o644),
        ("./usr/share/doc/postern-door/raspberry-pi.md", 0o644),
    ];
    assert_eq!(data, expected.map(|(path, mode)| (path.to_owned(), mode)));
}

#[test]
fn each_architecture_has_its_own_package() {
    let names = [Architecture::Amd64, Architecture::Arm64, Architecture::Armhf]
        .map(|architecture| of(architecture).file_name());
    for (name, architecture) in names.iter().zip(["amd64", "arm64", "armhf"]) {
        assert!(name.ends_with(&format!("_{architecture}.deb")), "{name}");
    }
}

#[test]
fn a_program_that_names_no_c_library_is_none() {
    assert!(package(Architecture::Amd64, b"\x7fELF", VERSION).is_err());
    assert_eq!(c_library(b"GLIBC_2.4\0GLIBC_2.17\0GLIBC_2.3.4\0").ok().as_deref(), Some("2.17"));
}

/// Whether a program is there. Without it the test is skipped with a word.
fn has(program: &str) -> bool {
    let has = process::answers(program);
    if !has {
        eprintln!("skipped: {program} is not installed");
    }
    has
}

/// Runs dpkg on a folder that stands for the root of a computer.
fn dpkg(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("unshare");
    command.args(["-r", "dpkg", "--force-not-root", "--force-script-chrootless", "--force-depends"]);
    command.args(["--force-architecture", "--root"]).arg(root).args(arguments);
    command.output().expect("it starts")
}

/// A folder that stands for the root of a computer on which nothing is installed; `None` where it cannot be used.
fn computer() -> Option<tempfile::TempDir> {
    if !has("dpkg") || !Command::new("unshare").args(["-r", "true"]).status().is_ok_and(|done| done.success())
    {
        eprintln!("skipped: no dpkg, or the system permits no name space of one's own");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    for made in ["var/lib/dpkg/updates", "var/lib/dpkg/info", "var/lib/dpkg/triggers"] {
        std::fs::create_dir_all(root.join(made)).expect("a folder");
    }
    for made in ["var/lib/dpkg/status", "var/lib/dpkg/available"] {
        std::fs::write(root.join(made), "").expect("a file");
    }
    Some(folder)
}

#[test]
fn an_older_package_is_refused_and_the_newer_one_stays() {
    let Some(folder) = computer() else { return };
    let root = folder.path();
    let install = |version: &str| {
        let package = package(Architecture::Arm64, PROGRAM, version).expect("a package");
        let file = root.join(package.file_name());
        std::fs::write(&file, package.bytes().expect("bytes")).expect("written");
        dpkg(root, &["--install", &file.display().to_string()])
    };
    let version = || {
        let shown = dpkg(root, &["--status", "postern-door"]);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        shown.lines().find_map(|line| line.strip_prefix("Version: ").map(str::to_owned))
    };
    for newer in ["1.9.0", "1.10.0~rc1", "1.10.0"] {
        let output = install(newer);
        assert!(output.status.success(), "{output:?}");
    }
    let refused = |output: Output| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("a door is never downgraded"), "{said}");
    };
    refused(install("1.9.0"));
    assert_eq!(version().as_deref(), Some("1.10.0"));
    assert!(root.join("usr/bin/postern-door").is_file(), "the newer door stays");
    // People that a newer door left behind are not handed to an older one.
    assert!(dpkg(root, &["--remove", "postern-door"]).status.success());
    refused(install("1.9.0"));
    assert!(dpkg(root, &["--purge", "postern-door"]).status.success());
    assert!(install("1.9.0").status.success(), "after a purge there is nothing to protect");
}

#[test]
fn a_removal_leaves_people_and_a_purge_does_not() {
    let Some(folder) = computer() else { return };
    let root = folder.path();
    let package = of(Architecture::Arm64);
    let file = root.join(package.file_name());
    std::fs::write(&file, package.bytes().expect("bytes")).expect("written");
    let done = |output: Output| assert!(output.status.success(), "{output:?}");
    let install = || done(dpkg(root, &["--install", &file.display().to_string()]));
    install();
    assert!(root.join("usr/bin/postern-door").is_file());
    let people = root.join("var/lib/postern-door/flash");
    std::fs::create_dir_all(people.parent().expect("a folder")).expect("a folder");
    std::fs::write(&people, "people").expect("written");
    let configuration = root.join("etc/postern/postern-door.toml");
    std::fs::write(&configuration, "# ours\n").expect("written");

    install();
    let kept = std::fs::read_to_string(&configuration).expect("the configuration");
    assert_eq!(kept, "# ours\n", "an upgrade keeps the configuration");
    done(dpkg(root, &["--remove", "postern-door"]));
    assert!(!root.join("usr/bin/postern-door").exists());
    assert!(people.is_file() && configuration.is_file(), "a removal leaves people and configuration");
    done(dpkg(root, &["--purge", "postern-door"]));
    assert!(!people.exists() && !configuration.exists(), "a purge leaves nothing");
    assert!(!root.join("var/lib/postern-door").exists() && !root.join("etc/postern").exists());
}

fn unit() -> String {
    let path = workspace::root().join("firmware/linux/package/postern-door.service");
    std::fs::read_to_string(path).expect("the unit")
}

#[test]
fn systemd_finds_no_fault_in_the_unit_and_little_exposure() {
    if !has("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("postern-door.service");
    // The program and its page are not installed here.
    let here = unit().replace("/usr/bin/postern-door", "/bin/true");
    std::fs::write(&path, here).expect("written");
    let analyze = |arguments: &[&str]| {
        let output = Command::new("systemd-analyze").args(arguments).arg(&path).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
        said
    };
    assert_eq!(analyze(&["verify", "--man=no"]).trim(), "");
    // In tenths: 10.0 is a service without any protection.
    analyze(&["security", "--offline=yes", "--threshold=20"]);
}

#[test]
fn lintian_finds_no_error_that_is_not_known() {
    // The package is made where it is used, so nobody can be written to. The program here is a few words, and no program.
    const KNOWN: [&str; 2] = ["bogus-mail-host", "usr/bin/postern-door"];
    if !has("lintian") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let package = of(Architecture::Amd64);
    let path = folder.path().join(package.file_name());
    std::fs::write(&path, package.bytes().expect("bytes")).expect("written");
    let output = Command::new("lintian").arg("--allow-root").arg(&path).output().expect("it starts");
    let said = String::from_utf8(output.stdout).expect("text");
    let errors: Vec<_> = said.lines().filter(|line| line.starts_with("E:")).collect();
    assert!(!errors.is_empty(), "lintian has not looked: {said}");
    assert!(errors.iter().all(|line| KNOWN.iter().any(|known| line.contains(known))), "{errors:?}");
}

#[test]
fn the_unit_gives_the_door_no_capability_and_a_lock_that_locks() {
    let unit = unit();
    // All of its lines, so that none goes, comes or changes unseen: the exposure that systemd computes has room for some.
    let service = unit.split_once("[Service]\n").expect("a service").1;
    let lines = service.split_once("[Install]").map_or(service, |(service, _)| service).lines();
    let found: Vec<_> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(
        found,
        [
            "Type=notify",
            "NotifyAccess=main",
            "ExecStart=/usr/bin/postern-door",
            "ExecStopPost=-/usr/bin/postern-door --lock",
            "KillMode=control-group",
            "TimeoutStartSec=60",
            "TimeoutStopSec=10",
            "WatchdogSec=10",
            "Restart=always",
            "RestartSec=2",
            "User=postern",
            "Group=postern",
            "SupplementaryGroups=video gpio dialout input",
            "UMask=0007",
            "StateDirectory=postern-door",
            "StateDirectoryMode=0700",
            "RuntimeDirectory=postern-door",
            "RuntimeDirectoryMode=0750",
            "RuntimeDirectoryPreserve=yes",
            "WorkingDirectory=/var/lib/postern-door",
            "LimitRTPRIO=11",
            "LimitCORE=0",
            "OOMScoreAdjust=-500",
            "TasksMax=64",
            "MemoryMax=512M",
            "CapabilityBoundingSet=",
            "AmbientCapabilities=",
            "NoNewPrivileges=yes",
            "SystemCallFilter=@system-service",
            "SystemCallFilter=~@privileged @keyring @memlock",
            "SystemCallErrorNumber=EPERM",
            "SystemCallArchitectures=native",
            "LockPersonality=yes",
            "MemoryDenyWriteExecute=yes",
            "RestrictNamespaces=yes",
            "RestrictSUIDSGID=yes",
            "RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6",
            "IPAddressDeny=any",
            "DevicePolicy=closed",
            "DeviceAllow=char-video4linux rw",
            "DeviceAllow=char-media rw",
            "DeviceAllow=char-dma_heap rw",
            "DeviceAllow=char-gpiochip rw",
            "DeviceAllow=char-input rw",
            "DeviceAllow=char-ttyACM rw",
            "DeviceAllow=char-ttyUSB rw",
            "DeviceAllow=char-ttyAMA rw",
            "DeviceAllow=char-ttyS rw",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "ProtectProc=invisible",
            "ProcSubset=pid",
            "ProtectClock=yes",
            "ProtectHostname=yes",
            "ProtectKernelLogs=yes",
            "ProtectKernelModules=yes",
            "ProtectKernelTunables=yes",
            "ProtectControlGroups=yes",
            "PrivateTmp=yes",
            "RemoveIPC=yes",
            "KeyringMode=private",
        ]
    );
}
