# Mails about subscriptions. The problem's own sentences come between the second and the third paragraph.

mail-greeting = Hello,
mail-look = Look here: { $page }
mail-why =
    You get this mail because you keep the project { $project } up to date with the dataset { $dataset }.
    All your subscriptions: { $subscriptions }
    End this one: { $unsubscribe }

mail-sign-in-subject = Please sign in again: version { $version } of { $dataset } waits
mail-sign-in = Version { $version } of the dataset { $dataset } is out and is to go into your project { $project }. It waits because your sign-in is over. Sign in once, and it goes on by itself.

mail-service-sign-in-subject = The service person has to sign in: version { $version } of { $dataset } waits
mail-service-sign-in = Version { $version } of the dataset { $dataset } is out and is to go into the project { $project }. It waits because the sign-in of the service person, who imports it, is over.

mail-paused-subject = Your project is not kept up to date any more with { $dataset }
mail-paused = New versions of the dataset { $dataset } no longer come into your project { $project } until you let the subscription go on.

mail-failed-subject = Version { $version } of { $dataset } did not arrive
mail-failed = Version { $version } of the dataset { $dataset } could not be brought into your project { $project }. Later versions are tried again.

mail-arrived-subject = Version { $version } of { $dataset } has arrived
mail-arrived = Version { $version } of the dataset { $dataset } is in your project { $project }.
