# The few pages for people.

page-title = Import datasets into Renku
page-intro = Open a dataset in your repository and choose “Import into Renku”. Sign in once, and your imports run by themselves.
page-signed-in-as = You are signed in at { $renku } as { $name }.
page-sign-in-at = Sign in at { $renku }
page-sign-out = Sign out
page-disconnect = Disconnect: revoke my sign-in and erase it here
page-home = Back to the start
page-device-title = Confirm your sign-in
page-device-intro = Open the sign-in page, type this code and confirm. This page goes on by itself.
page-device-link = Open the sign-in page
