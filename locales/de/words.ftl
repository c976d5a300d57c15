# Worte für das, was das Programm mit kurzen Namen kennt. Die Namen sind die der Domäne.

## Phasen eines Imports

phase-queued = Wartet, bis er an der Reihe ist
phase-submitting = Wird Renku übergeben
phase-running = Renku holt die Dateien
phase-verifying = Wird mit dem Repositorium verglichen
phase-succeeded = Angekommen
phase-failed = Nicht angekommen
phase-cancelled = Abgebrochen
phase-superseded = Durch einen neueren Import ersetzt
phase-parked = Zurückgestellt

## Worauf ein Import wartet

condition-none = Geht von selbst weiter
condition-retry-at = Wartet auf den nächsten Versuch
condition-sign-in = Wartet auf Ihre Anmeldung
condition-dataset = Wartet auf das Repositorium

## Wie gut er gelungen ist

outcome-complete = Vollständig
outcome-incomplete = Einige Dateien fehlen
outcome-on-side-branch = Vollständig, auf einem eigenen Branch, den Sie noch zusammenführen müssen

## Was verglichen wurde

compared-link = die Verknüpfung mit dem Datensatz (kopiert wurde nichts)
compared-names = die Namen der Dateien
compared-sizes = die Namen und Größen der Dateien
compared-checksums = die Namen, Größen und Prüfsummen der Dateien

## Wer an der Reihe ist

turn-researcher = Sie sind an der Reihe
turn-renku-admin = Das Renku-Team ist an der Reihe
turn-dataverse-admin = Das Team des Repositoriums ist an der Reihe
turn-operator = Die Betreuung dieses Dienstes ist an der Reihe
turn-nobody = Niemand muss etwas tun

## Wo die Anmeldung geschieht

sign-in-at-connector = Melden Sie sich hier an
sign-in-at-renku = Melden Sie sich in Renku an

## Der Verlauf eines Imports

event-created = Der Import wurde verlangt
event-planned = Er ist an der Reihe; der Datensatz wurde gelesen
event-begun = Er wird Renku übergeben
event-left-nothing = Renku hat ihn nicht angenommen
event-stood-back = Er hat seinen Platz abgegeben und wartet, bis er wieder an der Reihe ist
event-submitted = Renku hat ihn angenommen
event-seen-at-work = Renku arbeitet jetzt daran
event-tries-again = Er ist misslungen und wird noch einmal versucht
event-landed = Renku meldet, dass es fertig ist
event-verified = Er wurde mit dem Repositorium verglichen
event-waits = Er wartet
event-failed = Er hat sich als nicht möglich erwiesen
event-parked = Er wurde zurückgestellt
event-cancelled = Er wurde abgebrochen
event-left-job = Renku arbeitet noch daran, obwohl er abgebrochen ist
event-left-is-over = Renku hat die Arbeit daran beendet
event-superseded = Ein neuerer Import hat seinen Platz eingenommen
event-sent-on = Er wurde weitergeschickt
event-undone = Die Verknüpfung wurde wieder aus dem Projekt genommen
event-retried = Er wird auf Wunsch noch einmal versucht
