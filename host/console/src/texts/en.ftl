# What the pages say. A message that is added here is added to de.ftl, too.
skip = To the content
menu = Pages of this door
all-boards = All boards
menu-door = Door
menu-people = People
menu-certainty = Certainty
menu-log = Log
menu-settings = Settings
menu-models = Models
menu-computers = Computers
menu-pair = Pairing
sign-out = Sign out
signed-out = Signed out
signed-in = Signed in
console-silent = The console does not answer, so this page does not know the state of the door. It comes back by itself when `postern console` runs again; if it was started again, open the address that its terminal shows.
refused = This was not done
wrong-host = The address in the browser is not this computer's own. Open the address that the terminal shows.
wrong-origin = The form was sent by another page. Open the console again and repeat it.
foreign-form = The form is not from this session. Go back, load the page again and repeat it.
broken-form = The form did not arrive whole. Go back and send it again.
sign-in-first = Open the address that the terminal of `postern console` shows. It signs one browser in, once.
wrong-token = This address signs in one browser, once, and was used before; or it is not complete. The terminal shows a new one.
spent = Signed in elsewhere already
no-page = There is no such page
no-page-text = The list of boards is at /boards.
no-board = There is no such board
bad-request = The console cannot read this request (status { $status }). Go back, load the page again and repeat it.
board-lost = The board cannot be asked at the moment.
comes-back = This page comes back by itself when the board answers.
switched-off = If it was switched off, switch it on at

boards = Boards
no-boards = There is no board yet.
board-up = on
board-down = off
damaged = damaged: { $what }
switch-on = Switch on
switch-off = Switch off
sure-off = Yes, cut its power
not-sure-off = The board is still on: tick the box first, to show that you are sure.
new-board = A new board
new-board-text = An emulated board, or a door on this computer. The first start of an emulated one takes a while.
board-name = Letters, digits, `-`, `_` and dots, with no space and no dot at the beginning
name = Name
machine = Machine
make-board = Make and switch on

no-script = Without scripts this page does not renew itself: load it again.
events = What happened
events-text = The times are in UTC, by the clock of the board. With a plus sign they are seconds since the board started: its clock was not set.
pins = Pins of this board
pins-text = This board is emulated, or runs on this computer: its button, its contact and its keypad are here.
press-exit = Press the exit button
door-leaf-open = Open the leaf
door-leaf-close = Close the leaf
pin = PIN
type-pin = Type it
not-paired = This computer is not paired with the board.
nothing-seen = The camera has seen nothing since the board started.
similarity = Similarity
needed = Needed
liveness-score = Liveness
camera-dark = All pictures of the door's camera are dark, so it lets nobody in by a face: is there light, and is the lens free?
camera-nothing-seconds = The door's camera gives no picture that can be used, for { $number } s or more, so it lets nobody in by a face. What the door says on its computer has the reason.
camera-nothing-minutes = The door's camera gives no picture that can be used, for { $number } min or more, so it lets nobody in by a face. What the door says on its computer has the reason.
foreign-people = This door opens to no face: its people are enrolled with another encoder than it runs. Remove them and enrol them again, or install the encoder of before on the page Models.
lock-open = The door is open
lock-locked = The door is locked
leaf-open = door leaf open
leaf-closed = door leaf closed
cover-open = cover open
alarm-on = alarm
event-booted = The board started; the door is locked
event-sees = Sees { $what }
event-opened = Open for { $name }
event-button = Open by the exit button
event-command = Open by a signed command
event-locked = Locked
event-duress = DURESS: { $name } was forced to open
event-alarm = Alarm: { $alarm }
event-alarm-over = The alarm is over: { $alarm }
event-paired = { $label } was paired as { $role }

people-count = { $count ->
    [0] Nobody is enrolled.
    [one] 1 person
   *[other] { $count } people
}
photos-count = { $count ->
    [one] 1 photograph
   *[other] { $count } photographs
}
twins = Somebody is enrolled already
twins-known = Enrolled:
twins-new = The new photographs. They are shown once and not kept.
twins-picture = New photograph { $number }
twins-text = If both are one person, open the page of who is enrolled and add the photographs there. If they are two who look alike, use other photographs, or a stricter rate on the page Certainty.
enrol = Enrol
enrol-text = One photograph is enough. Each must show one face, upright. The photographs are not kept.
photos = Photographs
photos-text = Drop them here, or choose files; { $most } at most, { $limit } MB together.
too-large = The photographs are larger than { $limit } MB together: send fewer, or smaller copies.
too-many = There are more than { $limit } photographs: send at most { $limit } at a time.
no-photo = There is no photograph in the form: choose one.
looking = The board looks at the photographs …
webcam = Take pictures with this computer's camera
webcam-end = Stop the camera
webcam-sees = What the camera sees
webcam-done = There are three good pictures: send the form.
webcam-denied = The browser does not give the camera: allow it beside the address, and press the button again. Or choose photographs.
webcam-none = This computer has no camera that the browser can use: choose photographs.
webcam-tired = The camera was on for two minutes: press the button to go on.
portrait-of = Painted portrait of { $name }
visits = Visits
visits-count = { $count ->
    [0] None among the newest 2,000 entries of the log.
    [one] 1 among the newest 2,000 entries of the log.
   *[other] { $count } among the newest 2,000 entries of the log, the newest first.
}
passes-always = May pass at any time,
passes-hours = May pass { $hours },
with-face = with their face alone.
with-pin = with their face and a PIN.
with-duress = with their face and a PIN, or the duress PIN.
rule = Hours and PIN
suspend = Suspend
suspend-text = The door refuses a suspended person. Photographs, hours and PIN stay.
is-suspended = This person is suspended: the door refuses them.
resume = Resume
rule-text = Hours are `always`, or up to four windows such as `mon-fri 08:00-18:00, sat+sun 10:00-12:00`. The board alone knows a PIN: give it again with each change.
no-pin = No PIN: the face is enough
hours = Hours
new-pin = PIN, 4 to 10 digits
duress-pin = Duress PIN: it opens the door and raises a silent alarm
no-duress-pin = No duress PIN any more
save = Save
saved = Saved.
more-photos = More photographs
add = Add
rename = Rename
remove = Remove
remove-text = The board forgets the person with all templates. Entries of the log stay.
sure = Yes, remove this person
not-sure = Nothing was removed: tick the box first, to show that you are sure.

kind = Kind
all-kinds = all
words = Words
filter = Filter
verify = Verify the chain
export = Export, signed
entries-count = { $count ->
    [one] 1 entry of the newest { $most }
   *[other] { $count } entries of the newest { $most }
}
log-whole = { $count ->
    [one] 1 entry: it was not changed.
   *[other] { $count } entries: none changed, and none missing between.
}
log-broken = The log is not whole: { $finding }

set-liveness = Liveness
liveness-text = passive: the face must look and move like a living one. challenge: the person must also move on request. off: a photograph opens the door.
set-matching = Matching
matching-text = identify: the face is compared with everybody. verify: only with the person of the PIN that was typed.
set-agreement = Pictures in a row that must agree
set-open = Opening time, milliseconds
set-failures = Failures until a person is locked out
set-lockout = First lockout, seconds
set-passback = Nobody enters twice within, seconds (0: no limit)
set-pin = Time for a PIN, seconds
set-held = Held-open alarm after, seconds (0: none)
set-zone = Time zone of the door (empty: as it is)
set-zone-now = Now
set-fail-safe = Fail-safe lock: it opens without power
changed-meanwhile = { $field }: somebody else has changed this meanwhile, it is { $now } now. Nothing was saved: look at this page and repeat your change.
no-choice = { $field }: choose one of the words of the list.
out-of-range = { $field }: this must be { $least } to { $most }.
models = Models and firmware
firmware = Firmware
no-models = There are no models yet: the door stays locked.
models-only = Models
flash-text = A model is signed by this computer. The old model stays active until the new one is complete. Another encoder locks everybody out who is enrolled, until each is enrolled again: keep the one that the board has, or begin with postern-128, which is the project's own.
flash-leave = leave as it is
flash-models = Install these models
flash-nothing = No model was chosen: choose at least one.
flash-unknown = This computer has no such model: { $name }. `postern compile` makes it.
back = Back to the models of before
back-text = The log of the board knows which model was active before. This computer signs it again, with a new release number, since the board takes none twice.
back-none = The log knows no other model that was active before.
back-to = Back to { $name }
back-elsewhere = The model with the hash { $hash } was active before. This computer does not have its image, so it cannot go back to it: install it where it is.
no-way-back = There is no button that goes back to an older release: the board refuses every release below { $newest }, so that nobody brings a closed security hole back. It goes back by itself from a release that does not run well. To run older firmware all the same, sign it as a new release: `postern flash firmware FILE`.
flash-begins = It begins …
flash-last = Flashing
flash-goes-on = The board is being flashed.
flash-keep-power = Keep its power on. You can leave this page; other pages come back when it is done.
flash-done = Done.
flash-failed = What is not listed as active is as it was before.
flash-waiting = waits
flash-sending = { $done } of { $all } KiB, { $percent } %
flash-trying = the board tries release { $release } now
flash-active = active
flash-skipped = skipped, it is there already
version = Version
release = Release
slot = Slot
pending = Release on trial
by-package = The program of a door on Linux is updated by its package, with apt, and not over the line.
firmware-text = This computer has { $file }. It is signed with the next release number. The board tries it, and rolls back by itself if it does not run well.
no-fallback = Never fall back to an older release (for one that closes a security hole)
flash-firmware = Update the firmware

certainty-now = The door lets in at most one stranger in { $rate }.
threshold-now = A match needs a similarity of { $threshold }.
rate = False-accept rate
laxer = laxer
stricter = stricter
strangers = Strangers who try in a day
show = Show
so-many-a-day = { $count } a day
every-day = one each day
every-days = one every { $count } days
every-months = one every { $count } months
every-years = { $count ->
    [one] one a year
   *[other] one every { $count } years
}
means-rate = At most one stranger in { $rate } is let in.
means-visits = { $count ->
    [one] With one stranger who tries in a day, that is at most { $after }.
   *[other] With { $strangers } strangers who try in a day, that is at most { $after }.
}
means-threshold = With { $templates ->
    [one] the one template
   *[other] the { $templates } templates
} of this board, a match needs a similarity of { $threshold }.
basis-measured = This is measured.
basis-modelled = This is modelled: the table of the encoder was continued by a fit.
basis-unproven = Nothing bears this out: the table of the encoder does not reach so far, and the board refuses to enrol unless the settings accept that.
no-table = This computer does not have the image of the board's encoder, so the threshold is not known before it is set.
not-told = A stricter rate refuses enrolled people more often. How often is not known on this computer: `postern eval pairs --write-misses` measures it.
means-misses = Of 100 looks of enrolled people, about { $count } do not match, and the door looks again.
misses-of = Measured on { $of }; one photograph was enrolled. More photographs of a person lower it.
missed = Missed of 100
det = Misses of 100 looks of enrolled people, from none at the bottom upwards, against one false match in so many comparisons. The dot is the rate above.
use-rate = Use this rate
no-rate = The form has no rate: choose one with the slider.
table = The encoder's table
table-text = Thresholds at which one comparison of two different people in so many matches, with the upper end of the 95 % band of that number, which the board uses. "Measured" was counted with pairs of pictures; "modelled" continues the table by a fit, where there were too few pairs to count.
one-in = One in
trial-open = Try it before a camera
trial = Trial
trial-text = Who stands before a camera is compared with everybody who is enrolled. The bar is the similarity to the most similar person; the line is what a match needs. No door opens by a trial. Before the door's own camera the door goes on meanwhile, and lets in who may pass.
trial-cost = Each look is an entry of the log; a trial has at most { $looks }.
trial-steps = The board tells exact similarities to an installer alone. An operator is told the step of a sixteenth in which they lie.
trial-nobody = Nobody is enrolled, so there is nobody to compare with.
trial-live = Before a camera
trial-script = Without scripts there is no live trial: compare a photograph below.
trial-browser = This computer's camera
trial-door = The door's own camera
trial-stop = Stop
trial-look = Look
trial-denied = The browser does not give the camera: allow it beside the address, and press the button again. Or compare a photograph.
trial-none = This computer has no camera that the browser can use: use the door's own, or a photograph.
trial-over = The trial is over: press a button for another one.
trial-photo = A photograph
trial-file = Photograph
trial-compare = Compare
trial-busy = The board compares it …
trial-numbers = The similarity is { $similarity }, and { $needed } is needed.
trial-match = A match: { $name }.
trial-no-match = No match; the most similar person is { $name }.
trial-lifeless = It would match { $name }, but it { $reason }.
estimate = Estimate
upper-end = Upper end
known = Known
measured = measured
modelled = modelled

this-computer = (this computer)
role-auditor = auditor
auditor-text = An auditor reads people, settings and log.
role-operator = operator
operator-text = An operator also enrols and removes people.
role-installer = installer
installer-text = An installer does everything.
is-guest = this computer is not paired
is-paired = this computer: { $role }
role-none = not paired
lacks-role = This needs the role { $need }; this computer is { $role }. An installer invites computers by role.
board-zone = Zone of the board
board-clock = Its clock
role = Role
no-role = There is no such role: choose one of the list.
forget = Forget
sure-forget = Yes, forget it
forgotten = The board has forgotten that computer.
invite = Invite
invite-text = For five minutes one more computer may pair with this role.
invited = For five minutes `postern pair --role { $role }` may pair one more computer. A door has one line: end `postern bridge` and `postern fleet apply` of this door meanwhile, and leave its page Door in this console. Then run the command there, with --device and the address of the door if the board is not on that computer, press the pairing button, type the code there, and hold the button for two seconds.

pair-text = Pairing makes this computer known to the board. The first computer is the installer, and the board takes no other role before there is one; an installer then invites the others on the page Computers.
pair-begin = Begin
pair-asking = The board is asked …
pair-press = Press the pairing button of the board within a minute: it shows a code then. If it shows a code already, do not press.
pair-type = Type the code that the board shows. A door on Linux writes it to its log. This computer compares it with its own.
pair-typed = Compare
pair-compare = The codes are equal. The board counts the button in a moment.
pair-confirm = The codes are equal: hold the pairing button for two seconds while the board shows the code. A shorter press ends the pairing; whoever does nothing pairs nothing.
press-pairing = Press the pairing button
hold-pairing = Hold the pairing button
press-pairing-text = This button is for boards that run on this computer. A real board has its own.
this-shows = This computer
board-shows = The board
paired-as = This computer is paired as { $role }.
