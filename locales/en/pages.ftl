# Pages for people: the frame, the front page, signing in. Imports and account have their own parts below.

## The frame

page-product = Dataverse–Renku connector
page-skip = Skip to the content
page-nav = Main navigation
page-nav-imports = My imports
page-nav-subscriptions = Kept up to date
page-nav-account = Account
page-languages = Language
page-details = Details
page-code = Problem:
page-home = Back to the start
page-reload = Load this page again

## The front page

page-title = Import datasets into Renku
page-intro = This service takes a dataset from your repository into your Renku project, and checks afterwards that it has arrived.
page-greeting = You are signed in as { $name }.
page-see-imports = See my imports
page-how = How it works
page-how-open = Open a dataset in your repository and choose “Import into Renku”.
page-how-choose = Sign in once, and choose the project.
page-how-see = Watch it arrive, or close the page: the import goes on by itself.

## Signing in

page-sign-in = Sign in
page-sign-in-at = Sign in to { $renku }
page-choose-renku = To which Renku do you want to sign in?
page-device-title = Confirm your sign-in
page-device-intro = Open the sign-in page, on this device or on your phone, and check that it shows this code.
page-device-code = Your code
page-device-link = Open the sign-in page
page-device-qr = QR code with the address of the sign-in page
page-device-waiting = Waiting for you to confirm. This page goes on by itself.

## An import

import-progress = Progress
import-facts = What is imported
import-timeline = Everything that happened
import-project = Project
import-renku = Renku
import-version = Version
import-files = Files
import-files-and-size = { $count ->
    [one] { $count } file, { $size }
   *[other] { $count } files, { $size }
}
import-name = Name in the project
import-asked-for = Asked for
import-reference = Reference number
import-copy = Copy
import-copied = The reference number is copied.
import-may-close = You can close this page. The import goes on, and you find it again under My imports.
import-queue = Imports into one Renku take turns. Yours begins as soon as its turn has come.
import-slow = This takes longer than usual
import-slow-why = Nothing is wrong so far. Renku may have much to do, or the files are large.
import-retries = Something is in the way for the moment
import-retries-at = It is tried again by itself at { $time }.
import-looks = The repository does not show the dataset yet
import-looks-at = We look again at { $time }.
import-try-now = Try now
import-try-again = Try again
import-change = Change something and try again
import-cancel = Cancel
import-cancelled = It was called off. Nothing was changed in your project.
import-cancelled-left = It was called off. Renku had begun already and cannot be stopped: the dataset may still turn up in your project.
import-parked = It was tried for a long time and is set aside now.
import-see-newer = See the newer import
import-sign-in-here = Sign in again, and it goes on by itself
import-sign-in-renku = Sign in to Renku once, and it goes on
import-signed-in = I have signed in: go on
import-compared = { $found } of { $expected } files of the repository were found, by comparing { $compared }.
import-other-version = Meanwhile there was a newer version: { $version } has arrived.
import-merge = Your project's main branch is protected. Merge the branch { $branch } to have the dataset there.
import-next-pull = To see it in a running session, run “git pull” there; new sessions have it from the start.
import-linked = The project is linked with the dataset. Nothing was copied: sessions read the files from the repository.
import-link-unreadable = Renku could not list the files just now. Some may be closed, or the repository did not answer.
import-link-folder = In a session the files are in the folder { $folder }.
import-undo = Take the link out of the project
import-undone = The link was taken out again
import-undone-at = It is no longer in the project since { $time }.
import-next-session = Start a new session of the project to see it; running sessions do not get it.
import-open = Open in Renku
import-missing = Files that were not found
import-words = What the other system said
import-other-name = Choose another name
import-allow-migration = Allow the migration
import-other-project = Choose another project

## Its stages

stage-queued = Waiting for its turn
stage-submitting = Handed to Renku
stage-running = Renku fetches the files
stage-running-link = Renku links the project with the dataset
stage-verifying = Compared with the repository
stage-verifying-link = Checked in the project
stage-done = Done at { $time }
stage-since = Since { $time }
stage-stopped = Stopped at { $time }
stage-later = Not begun yet
stage-never = Not reached

## Asking again

again-title = Import it otherwise
again-project = Address of the project
again-name = Name in the project
again-name-hint = Leave it empty to get one from the dataset's title.
again-migrate = Renku may bring the project up to its present version (migrate it), if it must
again-start = Start the import
again-back = Back

## My imports

list-title = My imports
list-search = Title or identifier
list-search-button = Search
list-groups = Which imports
list-all = All
list-under-way = Under way
list-needs-you = Waiting for you
list-arrived = Arrived
list-not-arrived = Not arrived
list-none = You have not imported anything yet
list-nothing-found = Nothing found
list-see-all = See all imports
list-pages = Pages
list-newest = Newest imports
list-older = Older imports
list-retry-this = Try again: { $title }
list-cancel-this = Cancel: { $title }

## Account

account-title = Account
account-works = Sign-in works
account-over = Sign-in is over
account-disconnecting = Being disconnected
account-nothing = No sign-in stored
account-username = User name
account-since = Signed in
account-until = Ends
account-until-unknown = Not known: it is renewed each time it is used
account-first-seen = First here
account-imports = Imports
account-imports-number = { $count ->
    [one] { $count } import
   *[other] { $count } imports
}
account-again = Sign in again
account-kept = What is kept about you
account-kept-person = Your name and user name, as Renku's sign-in gives them.
account-kept-token = Your sign-in to Renku, encrypted, so that imports go on while you are away.
account-kept-imports = Your imports, what happened in them, and what you chose last.
account-kept-subscriptions = What you keep up to date, and your mail address for it where mails are sent; disconnecting erases the address.
account-kept-not = Not kept: your password and the content of datasets.
account-choices = What you chose last
account-choices-what = The next time you come from there, this project is chosen already.
account-forget = Forget
account-forget-this = Forget what you chose for { $repository }
account-browser = This browser
account-session = You stay signed in here until { $time }.
account-sign-out = Sign out
account-disconnect = Disconnect from Renku

## Disconnecting

disconnect-title = Disconnect from Renku?
disconnect-what = What happens then
disconnect-revoked = Your stored sign-in is revoked at Renku and erased here, in every browser.
disconnect-waiting = Imports under way stop, and wait until you sign in again.
disconnect-stays = What was imported stays in your projects, and so does the list of your imports here.
disconnect-do = Disconnect
disconnected-title = You are disconnected
disconnected-what = Nothing uses your sign-in any more. It is being revoked at Renku and erased here; if Renku does not answer now, we try until it is done.
disconnected-back = If you sign in again, everything goes on where it was.
