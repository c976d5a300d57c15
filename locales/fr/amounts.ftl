# Dates, heures et tailles.

day = { $day ->
    [1] 1er
   *[other] { $day }
} { $month } { $year }
time-of-day = { $time } UTC
moment = { $day } à { $time }

month-january = janvier
month-february = février
month-march = mars
month-april = avril
month-may = mai
month-june = juin
month-july = juillet
month-august = août
month-september = septembre
month-october = octobre
month-november = novembre
month-december = décembre

decimal = { $whole },{ $tenth }
size-bytes = { $number ->
    [one] { $number } octet
   *[other] { $number } octets
}
size-kilobytes = { $number } ko
size-megabytes = { $number } Mo
size-gigabytes = { $number } Go
size-terabytes = { $number } To
