# Pages for people: the frame, the front page, signing in. Imports and account have their own parts below.

## The frame

page-product = Dataverse–Renku connector
page-skip = Skip to the content
page-nav = Main navigation
page-nav-imports = My imports
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
