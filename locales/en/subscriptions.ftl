# The page of subscriptions.

subscriptions-title = Subscriptions
subscriptions-none = You keep no project up to date with a dataset yet.
subscriptions-paused = Paused: new versions do not come into the project.
subscriptions-version = Version
subscriptions-noticed = Noticed
subscriptions-outcome = What became of it
subscriptions-open = on its way
subscriptions-arrived = arrived
subscriptions-failed = did not arrive
subscriptions-superseded = skipped for a newer one
subscriptions-cancelled = called off
subscriptions-metadata-only = only the description changed; the files are there
subscriptions-followed = the linked data follow; not looked at in your name, since your sign-in is over
subscriptions-pause = Pause
subscriptions-resume = Go on
subscriptions-end = Unsubscribe
subscriptions-new = Keep a project up to date
subscriptions-dataset = Dataset (DOI or address)
subscriptions-project = Project (address)
subscriptions-renku = Renku to import into
subscriptions-subscribe = Keep up to date
subscriptions-unsubscribe-title = End this subscription?
subscriptions-unsubscribe-question = New versions of { $dataset } will no longer come into { $project }. What is there stays.
subscriptions-ended-title = The subscription has ended
subscriptions-ended = You get no more mail about it. What was imported stays in the project.
subscriptions-how = Tick “Keep this project up to date” when you import a dataset, or say below what is to be kept up to date with what.
subscriptions-state-active = Active
subscriptions-state-paused = Paused
subscriptions-active-copies = Each new version comes into the project beside the others.
subscriptions-active-follows = The data follow each new version by themselves; here you read when it came.
subscriptions-owner = Imported in the name of { $name }
subscriptions-served-by = Imported with the sign-in of { $name }, the service person
subscriptions-made-by = Asked for by { $name }
subscriptions-service = Import as the service person ({ $name }): it goes on while you are away, and after you have left. With Renku 1 the service person must be signed in there at least once a week.
subscriptions-deaccessioned = The dataset was withdrawn from its repository; we noticed on { $date }. What was imported stays in the project.
subscriptions-ledger = Versions and what became of them
subscriptions-pause-this = Pause: { $title }
subscriptions-resume-this = Go on: { $title }
subscriptions-end-this = Unsubscribe: { $title }
subscriptions-at-once = The version that is out now is imported at once, and each new one by itself.

# On the pages before and after an import.

keep-legend = From now on
keep-title = Keep this project up to date
keep-kept = This project is kept up to date with the dataset
keep-see = See what came when
keep-core = Renku 1 copies the files and cannot renew a dataset: each new version comes beside the others, under a name that carries it.
keep-core-needs = We do it in your name while you are away. For that you are asked once more to let us, and Renku 1 itself must have seen you signed in lately, within a day to a week.
keep-core-told = If not, the new version waits for you to sign in; you see it here under “Kept up to date”.
keep-core-told-by-mail = If not, the new version waits for you to sign in, and you get a mail.
keep-data = Renku 2 links the dataset: in new sessions the data follow each new version by themselves, and nothing is needed of you. We check the link at each new version and note when it came.
keep-lasting = One more step: let us work for you at { $renku } while you are away. Without it, each new version waits until you sign in.
keep-lasting-do = Allow it
