# The page of subscriptions.

subscriptions-title = Subscriptions
subscriptions-none = You keep no project up to date with a dataset yet.
subscriptions-active = Each new version comes into the project.
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
subscriptions-pause = Pause
subscriptions-resume = Go on
subscriptions-end = Unsubscribe
subscriptions-new = Keep a project up to date
subscriptions-honest = The version that is out now is imported at once, and each new one by itself. Renku 1 copies: each version comes beside the others, under a name that carries it, and you must have been signed in to Renku lately. Renku 2 links: the data follow by themselves, and nothing is needed of you.
subscriptions-dataset = Dataset (DOI or address)
subscriptions-project = Project (address)
subscriptions-renku = Renku to import into
subscriptions-subscribe = Keep up to date
subscriptions-unsubscribe-title = End this subscription?
subscriptions-unsubscribe-question = New versions of { $dataset } will no longer come into { $project }. What is there stays.
subscriptions-ended-title = The subscription has ended
subscriptions-ended = You get no more mail about it. What was imported stays in the project.
