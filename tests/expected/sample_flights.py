"""What the built sample project must hold, computed without it.

Reads sample_project/data with Python's csv module, shares no SQL with the models and needs no database.
Run `python3 tests/expected/sample_flights.py` to write sample_flights.json beside this file.
"""

import csv
import gzip
import hashlib
import json
from collections import Counter, defaultdict
from datetime import datetime
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "sample_project" / "data"

README = (
    "Made by sample_flights.py from sample_project/data with Python's csv module alone; do not edit. "
    "Each check is a query on the database that `sqlflow build` made of sample_project, and the rows it must give. "
    "`value` is always a list of rows, in order. Averages are of exact integers, rounded half away from zero; "
    "compare numbers within 1e-9."
)

MEASURES = "flights, cancelled_flights, cancelled_percent, avg_departure_delay_minutes, avg_arrival_delay_minutes"


def read(name):
    opened = gzip.open if name.endswith(".gz") else open
    with opened(DATA / name, "rt", newline="", encoding="utf-8") as file:
        return [{k: None if v in ("NA", "") else v for k, v in row.items()} for row in csv.DictReader(file)]


def rounded(value, digits):
    """Half away from zero, as SQL rounds."""
    scaled = abs(value) * 10**digits
    whole = int(scaled + Fraction(1, 2))
    return float(Fraction(whole if value >= 0 else -whole, 10**digits))


def mean(values, digits=2):
    present = [int(value) for value in values if value is not None]
    return rounded(Fraction(sum(present), len(present)), digits) if present else None


def percent(part, whole):
    return rounded(Fraction(100 * part, whole), 1) if whole else None


def is_cancelled(flight):
    return flight["dep_time"] is None


def measures(flights):
    cancelled = sum(map(is_cancelled, flights))
    return [
        len(flights),
        cancelled,
        percent(cancelled, len(flights)),
        mean(f["dep_delay"] for f in flights),
        mean(f["arr_delay"] for f in flights),
    ]


def grouped(flights, key):
    groups = defaultdict(list)
    for flight in flights:
        groups[key(flight)].append(flight)
    return dict(sorted(groups.items(), key=lambda item: str(item[0])))


def weather_condition(hour):
    if hour is None:
        return "unknown"
    if float(hour["precip"]) > 0:
        return "snow" if hour["temp"] is not None and float(hour["temp"]) <= 32 else "rain"
    if float(hour["visib"]) < 1:
        return "fog"
    return "wind" if (knots(hour["wind_speed"]) or 0) >= 20 else "fair"


def knots(miles_per_hour):
    """None also for the one impossible reading, of 911 knots."""
    if miles_per_hour is None:
        return None
    speed = round(float(miles_per_hour) / 1.15078)
    return speed if speed < 200 else None


def age_band(plane):
    if plane is None or plane["year"] is None:
        return "unknown"
    youngest = (2013 - int(plane["year"])) // 5 * 5
    return f"{youngest}-{youngest + 4} years" if youngest < 25 else "25 years and more"


def delay_category(minutes):
    limits = [(0, "early"), (15, "on time"), (60, "late"), (180, "very late")]
    return next((name for limit, name in limits if minutes < limit), "extremely late")


def epoch(instant):
    return int(datetime.fromisoformat(instant.replace("Z", "+00:00")).timestamp())


def date(flight):
    return f"{flight['year']}-{int(flight['month']):02}-{int(flight['day']):02}"


def checks():
    flights = read("flights.csv.gz")
    weather = read("weather.csv.gz")
    planes = {plane["tailnum"]: plane for plane in read("planes.csv")}
    airports = {airport["faa"]: airport["name"] for airport in read("airports.csv")}
    airlines = {airline["carrier"]: airline["name"] for airline in read("airlines.csv")}
    hours = {(hour["origin"], hour["time_hour"]): hour for hour in weather}

    by_carrier = grouped(flights, lambda f: f["carrier"])
    by_carrier_month = grouped(flights, lambda f: (f["carrier"], date(f)[:7] + "-01"))
    by_month = grouped(flights, lambda f: int(date(f)[5:7]))
    by_origin = grouped(flights, lambda f: f["origin"])
    by_route = grouped(flights, lambda f: (f["origin"], f["dest"]))
    by_day = grouped(flights, lambda f: (date(f), f["origin"]))
    by_condition = grouped(flights, lambda f: weather_condition(hours.get((f["origin"], f["time_hour"]))))
    by_age = grouped(flights, lambda f: age_band(planes.get(f["tailnum"])))
    wind = {origin: [] for origin in by_origin}
    for hour in weather:
        if (speed := knots(hour["wind_speed"])) is not None:
            wind[hour["origin"]].append(speed)
    departed = [f for f in flights if not is_cancelled(f)]
    by_hour = Counter((int(f["sched_dep_time"]) // 100, delay_category(int(f["dep_delay"]))) for f in departed)
    by_category = Counter(delay_category(int(f["dep_delay"])) for f in departed)

    # The files as they land.
    for table, rows in [
        ("airlines", len(airlines)),
        ("airports", len(airports)),
        ("planes", len(planes)),
        ("weather", len(weather)),
        ("flights", len(flights)),
    ]:
        yield f"rows of raw.{table}", f"select count(*) from raw.{table}", [[rows]]
    for column in ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"]:
        yield (
            f"raw.flights without {column}",
            f"select count(*) from raw.flights where {column} is null",
            [[sum(f[column] is None for f in flights)]],
        )
    yield (
        "scheduled hours are instants, in UTC",
        "select cast(epoch(min(time_hour)) as bigint), cast(epoch(max(time_hour)) as bigint) from raw.flights",
        [[epoch(min(f["time_hour"] for f in flights)), epoch(max(f["time_hour"] for f in flights))]],
    )
    yield (
        "the pressure 1e3 is a number",
        "select count(*) from raw.weather where pressure = 1000",
        [[sum(w["pressure"] is not None and float(w["pressure"]) == 1000 for w in weather)]],
    )

    # Staging.
    for model, rows in [
        ("stg_airlines", len(airlines)),
        ("stg_airports", len(airports)),
        ("stg_planes", len(planes)),
        ("stg_weather", len(weather)),
        ("stg_flights", len(flights)),
    ]:
        yield f"rows of {model}", f"select count(*) from main.{model}", [[rows]]
    yield (
        "cancelled flights",
        "select count(*) from main.stg_flights where is_cancelled",
        [[sum(map(is_cancelled, flights))]],
    )
    yield (
        "flights without a tail number",
        "select count(*) from main.stg_flights where tailnum is null",
        [[sum(f["tailnum"] is None for f in flights)]],
    )
    yield (
        "flights whose tail number is not in planes",
        "select count(*) from main.stg_flights where tailnum is not null"
        " and tailnum not in (select tailnum from main.stg_planes)",
        [[sum(f["tailnum"] is not None and f["tailnum"] not in planes for f in flights)]],
    )
    yield (
        "flights whose destination is not in airports",
        "select count(*) from main.stg_flights where destination not in (select airport from main.stg_airports)",
        [[sum(f["dest"] not in airports for f in flights)]],
    )
    yield (
        "flights by origin",
        "select origin, count(*) from main.stg_flights group by origin order by origin",
        [[origin, len(group)] for origin, group in by_origin.items()],
    )
    yield (
        "flights and mean departure delay by carrier",
        "select carrier, count(*), round(avg(departure_delay_minutes), 2) from main.stg_flights"
        " group by carrier order by carrier",
        [[carrier, len(group), mean(f["dep_delay"] for f in group)] for carrier, group in by_carrier.items()],
    )
    yield (
        "cancelled flights by month",
        "select cast(extract(month from flight_date) as bigint) as month, count(*) from main.stg_flights"
        " where is_cancelled group by 1 order by 1",
        [[month, sum(map(is_cancelled, by_month[month]))] for month in range(1, 13)],
    )
    yield (
        "departures at midnight, which the file writes 2400",
        "select count(*) from main.stg_flights where departure_minute = 0",
        [[sum(f["dep_time"] == "2400" for f in flights)]],
    )
    first = flights[0]
    key = "|".join(first[column] for column in ["year", "month", "day", "carrier", "flight", "origin"])
    yield (
        "the key of the first flight in the file",
        "select flight_id from main.stg_flights where flight_date = date '2013-01-01' and carrier = 'UA'"
        f" and flight_number = {first['flight']}",
        [[hashlib.md5(key.encode()).hexdigest()]],
    )
    yield (
        "wind by airport: readings, strongest, sum of knots",
        "select origin, count(wind_knots), max(wind_knots), cast(sum(wind_knots) as bigint) from main.stg_weather"
        " group by origin order by origin",
        [[origin, len(speeds), max(speeds), sum(speeds)] for origin, speeds in wind.items()],
    )

    # Seeds.
    yield (
        "delay categories, open at both ends",
        "select category, from_minutes, to_minutes from main.delay_categories order by coalesce(to_minutes, 999)",
        [["early", None, 0], ["on time", 0, 15], ["late", 15, 60], ["very late", 60, 180], ["extremely late", 180, None]],
    )

    # Marts.
    for mart, rows in [
        ("carrier_delays", len(by_carrier_month)),
        ("weather_delays", len(by_condition)),
        ("aircraft_age_delays", len(by_age)),
        ("route_performance", len(by_route)),
        ("delays_by_hour", len(by_hour)),
        ("daily_flights", len(by_day)),
    ]:
        yield f"rows of {mart}", f"select count(*) from main.{mart}", [[rows]]
    yield (
        "carrier_delays",
        f"select carrier, airline, cast(month as varchar), {MEASURES} from main.carrier_delays order by carrier, month",
        [[carrier, airlines[carrier], month, *measures(group)] for (carrier, month), group in by_carrier_month.items()],
    )
    yield (
        "weather_delays",
        f"select weather_condition, {MEASURES} from main.weather_delays order by weather_condition",
        [[condition, *measures(group)] for condition, group in by_condition.items()],
    )
    yield (
        "aircraft_age_delays",
        f"select age_band, aircraft, {MEASURES} from main.aircraft_age_delays order by age_band",
        [[band, len({f["tailnum"] for f in group} - {None}), *measures(group)] for band, group in by_age.items()],
    )
    yield (
        "route_performance from LaGuardia and to airports without a name",
        "select origin, destination, destination_name, distance_miles, carriers,"
        f" {MEASURES}, on_time_percent from main.route_performance"
        " where origin = 'LGA' or destination_name is null or flights = 1 order by origin, destination",
        [
            [
                origin,
                dest,
                airports.get(dest),
                max(int(f["distance"]) for f in group),
                len({f["carrier"] for f in group}),
                *measures(group),
                percent(sum(arrival < 15 for arrival in arrivals), len(arrivals)),
            ]
            for (origin, dest), group in by_route.items()
            for arrivals in [[int(f["arr_delay"]) for f in group if f["arr_delay"] is not None]]
            if origin == "LGA" or dest not in airports or len(group) == 1
        ],
    )
    yield (
        "departures by delay category",
        "select delay_category, cast(sum(flights) as bigint) from main.delays_by_hour group by 1 order by 1",
        [list(item) for item in sorted(by_category.items())],
    )
    yield (
        "delays_by_hour at 17",
        "select delay_category, flights, percent_of_hour from main.delays_by_hour where departure_hour = 17"
        " order by delay_category",
        [
            [category, count, percent(count, sum(n for (h, _), n in by_hour.items() if h == 17))]
            for (hour, category), count in sorted(by_hour.items())
            if hour == 17
        ],
    )
    yield (
        "daily_flights in all",
        "select cast(sum(flights) as bigint), cast(sum(cancelled_flights) as bigint),"
        " max(longest_departure_delay_minutes), cast(min(flight_date) as varchar), cast(max(flight_date) as varchar)"
        " from main.daily_flights",
        [
            [
                len(flights),
                sum(map(is_cancelled, flights)),
                max(int(f["dep_delay"]) for f in departed),
                min(map(date, flights)),
                max(map(date, flights)),
            ]
        ],
    )
    yield (
        "daily_flights in the blizzard and on the last days, which each build computes again",
        f"select cast(flight_date as varchar), origin, {MEASURES}, longest_departure_delay_minutes"
        " from main.daily_flights where flight_date in (date '2013-02-08', date '2013-02-09')"
        " or flight_date >= date '2013-12-28' order by flight_date, origin",
        [
            [day, origin, *measures(group), max((int(f["dep_delay"]) for f in group if f["dep_delay"]), default=None)]
            for (day, origin), group in by_day.items()
            if day in ("2013-02-08", "2013-02-09") or day >= "2013-12-28"
        ],
    )


def main():
    lines = [
        "    " + json.dumps({"name": name, "sql": sql, "value": value}, ensure_ascii=False)
        for name, sql, value in checks()
    ]
    text = '{{\n  "README": {},\n  "checks": [\n{}\n  ]\n}}\n'.format(json.dumps(README), ",\n".join(lines))
    (HERE / "sample_flights.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
