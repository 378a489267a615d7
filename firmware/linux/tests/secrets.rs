//! The secret of a door: where it is, who may read it, and whose flash it opens.

mod bench;

use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

use bench::{Bench, refusal, with};

#[test]
fn the_flash_of_another_door_is_refused_until_its_secret_is_back() {
    let mut bench = Bench::new();
    bench.start();
    bench.stop();
    let secret = bench.path().join("unique.key");
    let kept = std::fs::read(&secret).expect("the secret");
    std::fs::remove_file(&secret).expect("removed");
    for arguments in [&["--check"][..], &[]] {
        let said = bench.refused(arguments, "unique.key is missing");
        assert!(said.contains("bring its copy back"), "{said}");
        assert!(!secret.exists(), "none is drawn in its place");
    }
    let other =
        std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&secret);
    std::io::Write::write_all(&mut other.expect("a file"), &[7; 32]).expect("written");
    let said = bench.refused(&[], "is the flash of another door");
    assert!(said.contains("Bring that door's secret back"), "{said}");
    std::fs::write(&secret, &kept).expect("written");
    bench.start();
}

#[test]
fn a_secret_that_others_can_read_or_that_is_cut_is_refused() {
    let mut bench = Bench::new();
    bench.start();
    bench.stop();
    let secret = bench.path().join("unique.key");
    let mode = |mode| std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).expect("set");
    mode(0o644);
    bench.refused(&[], "chmod 600");
    mode(0o600);
    std::fs::write(&secret, [1; 31]).expect("written");
    bench.refused(&[], "it has 32 bytes");
}

#[test]
fn a_secret_is_where_the_configuration_says_or_the_door_does_not_start() {
    let at = |more: &str| with("file = \"unique.key\"", &format!("file = \"unique.key\"\n{more}"));
    let wrong = [
        (at("credential = \"door\""), "the credential door: systemd gives it to the service alone"),
        (at("otp = \"credential:otp\""), "the OTP in the credential otp: systemd gives it"),
        (at("otp = \"/sys/of-nobody/nvmem\""), "otp = \"credential:NAME\""),
        (at("otp = \"/dev/null\""), "`rpi-otp-private-key` writes one"),
        (at("otp = \"nvmem\""), "line 4: [secret] otp is a full path"),
        (at("credential = \"a/b\""), "line 4: [secret] credential is a name without `/`"),
        (at("credential = \"a\"\notp = \"/b\""), "line 4: [secret] has one place"),
        (at("tpm = true"), "line 6: unknown field `tpm`"),
    ];
    for (config, why) in wrong {
        let bench = Bench::with_config(&config);
        bench.refused(&[], why);
        bench.refused(&["--check"], why);
        assert!(!bench.path().join("unique.key").exists(), "it fell back to a file");
    }
}

#[test]
fn a_credential_of_systemd_is_the_secret_and_no_file_is_drawn() {
    let bench =
        Bench::with_config(&with("file = \"unique.key\"", "file = \"unique.key\"\ncredential = \"door\""));
    let credentials = bench.path().join("credentials");
    let write = |bytes: &[u8]| std::fs::write(credentials.join("door"), bytes).expect("written");
    let check = || {
        let output = bench.command().arg("--check").env("CREDENTIALS_DIRECTORY", &credentials).output();
        output.expect("it starts")
    };
    std::fs::create_dir(&credentials).expect("a folder");
    write(&[5; 32]);
    let output = check();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("secret: the credential door of systemd"), "{output:?}");
    assert!(!bench.path().join("unique.key").exists());
    write(&[6; 32]);
    refusal(&check(), "is the flash of another door");
    write(&[5; 31]);
    refusal(&check(), "it has not 32 bytes");
    write(&[5; 32]);
    assert!(check().status.success());
}

/// Moved to a credential, and the file forgotten: a stolen disk still has the secret.
#[test]
fn a_file_that_is_left_where_the_secret_moved_from_is_said_by_check_and_at_the_start() {
    let mut bench = Bench::new();
    bench.start();
    bench.stop();
    let file = bench.path().join("unique.key");
    let (config, credentials) = (bench.path().join("postern-door.toml"), bench.path().join("credentials"));
    std::fs::create_dir(&credentials).expect("a folder");
    std::fs::copy(&file, credentials.join("door")).expect("copied");
    let moved = with("file = \"unique.key\"", "file = \"unique.key\"\ncredential = \"door\"");
    std::fs::write(&config, moved).expect("written");
    for is_left in [true, false] {
        let said = "unique.key is still there";
        let output = bench.command().arg("--check").env("CREDENTIALS_DIRECTORY", &credentials).output();
        let output = output.expect("it starts");
        let check = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && check.contains(said) == is_left, "{output:?}");
        bench.start_with(|command| {
            command.env("CREDENTIALS_DIRECTORY", &credentials);
        });
        assert_eq!(bench.said().contains(said), is_left, "{}", bench.said());
        bench.stop();
        let _ = std::fs::remove_file(&file);
    }
}
