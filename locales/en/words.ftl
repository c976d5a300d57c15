# Words for what the program knows by short names. The names are those of the domain.

## Phases of an import

phase-queued = Waiting for its turn
phase-submitting = Being handed to Renku
phase-running = Renku is fetching the files
phase-verifying = Being compared with the repository
phase-succeeded = Arrived
phase-failed = Not arrived
phase-cancelled = Cancelled
phase-superseded = Replaced by a newer import
phase-parked = Set aside

## What an import waits for

condition-none = Going on by itself
condition-retry-at = Waiting for the next try
condition-sign-in = Waiting for you to sign in
condition-dataset = Waiting for the repository

## How well it succeeded

outcome-complete = Complete
outcome-incomplete = Some files are missing
outcome-on-side-branch = Complete, on a branch of its own that you still have to merge

## What was compared

compared-link = the link to the dataset (nothing was copied)
compared-names = the names of the files
compared-sizes = the names and sizes of the files
compared-checksums = the names, sizes and checksums of the files

## Whose turn it is

turn-researcher = It is your turn
turn-renku-admin = It is the turn of whoever runs Renku
turn-dataverse-admin = It is the turn of the repository's team
turn-operator = It is the turn of whoever runs this service
turn-nobody = Nobody has to do anything

## Where to sign in

sign-in-at-connector = Sign in here
sign-in-at-renku = Sign in to Renku

## The timeline of an import

event-created = The import was asked for
event-planned = Its turn has come; the dataset was read
event-begun = It is being handed to Renku
event-left-nothing = Renku did not take it
event-stood-back = It gave up its place and waits for another turn
event-submitted = Renku accepted it
event-seen-at-work = Renku began to work on it
event-tries-again = It failed and will be tried once more
event-landed = Renku reports that it is done
event-verified = It was compared with the repository
event-waits = It waits
event-failed = It turned out to be not possible
event-parked = It was set aside
event-cancelled = It was cancelled
event-left-job = Renku is still working on it, although it was cancelled
event-left-is-over = Renku has stopped working on it
event-superseded = A newer import took its place
event-sent-on = It was sent on
event-undone = The link was taken out of the project again
event-retried = It is tried again, as was asked for
