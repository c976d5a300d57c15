# From the button in the repository to the confirmation.

launch-title = Import a dataset into Renku
launch-back-to = Back to { $repository }

## The dataset

launch-repository = Repository
launch-authors = Authors
launch-authors-more = { $names }; and { $count } more
launch-version = Version
launch-version-of = { $version }, published on { $date }
launch-licence = Licence
launch-no-licence = Terms of its own; see the dataset's page
launch-pid = Identifier
launch-data = Files
launch-files = { $count ->
    [0] none
    [one] 1 file, { $size }
   *[other] { $count } files, { $size }
}
launch-newer-draft = You looked at a draft. Only the published version can be imported.

## The Renku

launch-to = Into { $renku }
launch-ways = Where to import
launch-way-core = { $renku }, copied (Renku 1)
launch-way-data = { $renku }, linked (Renku 2)
launch-core-copies = Renku copies the files into your project. That takes from a minute up to half an hour; you need not wait for it.
launch-data-links = Nothing is copied: Renku links the dataset to your project, and sessions read the files from the repository.
launch-data-latest = A session always gets the latest published version.
launch-data-session = Sessions that are running do not see it: start a new one after the import.
launch-no-renku = No Renku can be reached at the moment
launch-no-renku-remedy = Load this page again in a minute. It is kept for an hour.
launch-forbids = This dataset cannot be imported into { $renku }
launch-warns = Good to know before you import
launch-sign-in-why = Sign in to { $renku } to see your projects. This page is kept for an hour meanwhile.

## The project

launch-project = Into which project?
launch-signed-in-as = You are signed in as { $name }.
launch-search = Search your projects
launch-search-do = Search
launch-latest-first = The last used come first.
launch-capped = The { $count } last used projects. Search for others.
launch-found = Found: { $count }
launch-filtered = Shown: { $count }
launch-none = No project was found that you may write to. Create one in Renku, then load this page again.
launch-none-found = No project fits these words.
launch-show-all = Show all again
launch-unlisted = Your projects cannot be shown.
launch-public = public
launch-internal = for everybody who is signed in
launch-private = private
launch-used-on = last used on { $date }
launch-has = has version { $version } already
launch-address = Or paste a project's address
launch-address-hint = Copy it from your browser while the project is open in Renku. What stands here counts, not the list.
launch-choose-project = Choose a project, or paste the address of one.
launch-new = Or make a new project
launch-new-title = Name of the new project
launch-new-hint = If something stands here, the project is made and the dataset imported into it.
launch-new-namespace = Where it is made
launch-new-visibility = Who may see it
launch-new-private = Only its members
launch-new-public = Everybody
launch-new-or-address = Either paste an address or name a new project, not both.

## The confirmation

launch-options = Name and options
launch-name = Name in the project
launch-name-hint = If you leave it empty, it is called { $name }
launch-migrate = If the project was made with an older Renku, bring it up to date first
launch-import = Import
launch-cancel = Cancel
launch-nothing-imported = Nothing was imported yet
launch-again = Your sign-in has changed since this page was loaded. Please check what is chosen, and confirm again.
