export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  __InternalSupabase: {
    PostgrestVersion: "14"
  }
  api: {
    Tables: {
      chat: {
        Row: {
          message_body: string | null
          message_from: string
          message_subject: string
          message_time: string
          message_to: string
          message_uuid: string
        }
        Insert: {
          message_body?: string | null
          message_from?: string
          message_subject: string
          message_time?: string
          message_to: string
          message_uuid?: string
        }
        Update: {
          message_body?: string | null
          message_from?: string
          message_subject?: string
          message_time?: string
          message_to?: string
          message_uuid?: string
        }
        Relationships: []
      }
    }
    Views: {
      [_ in never]: never
    }
    Functions: {
      login: {
        Args: { name: string; password: string }
        Returns: Json
      }
    }
    Enums: {
      [_ in never]: never
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}

type Schemas = Omit<Database, "__InternalSupabase">
type DefaultSchema = Schemas["api"]
type InSchema = { schema: keyof Schemas }
type Relations<S> = S extends { Tables: infer T; Views: infer V } ? T & V : never
type Member<T, Name, Part extends string> = Name extends keyof T ? (T[Name] extends { [_ in Part]: infer R } ? R : never) : never

/** A row: `Tables<"name">`, or `Tables<{ schema: "schema" }, "name">` for another schema than the default. */
export type Tables<
  NameOrSchema extends keyof Relations<DefaultSchema> | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Relations<Schemas[NameOrSchema["schema"]]> : never = never,
> = NameOrSchema extends InSchema
  ? Member<Relations<Schemas[NameOrSchema["schema"]]>, Name, "Row">
  : Member<Relations<DefaultSchema>, NameOrSchema, "Row">

/** What an insert takes. */
export type TablesInsert<
  NameOrSchema extends keyof DefaultSchema["Tables"] | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Schemas[NameOrSchema["schema"]]["Tables"] : never = never,
> = NameOrSchema extends InSchema
  ? Member<Schemas[NameOrSchema["schema"]]["Tables"], Name, "Insert">
  : Member<DefaultSchema["Tables"], NameOrSchema, "Insert">

/** What an update takes. */
export type TablesUpdate<
  NameOrSchema extends keyof DefaultSchema["Tables"] | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Schemas[NameOrSchema["schema"]]["Tables"] : never = never,
> = NameOrSchema extends InSchema
  ? Member<Schemas[NameOrSchema["schema"]]["Tables"], Name, "Update">
  : Member<DefaultSchema["Tables"], NameOrSchema, "Update">

/** The labels of an enum. */
export type Enums<
  NameOrSchema extends keyof DefaultSchema["Enums"] | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Schemas[NameOrSchema["schema"]]["Enums"] : never = never,
> = NameOrSchema extends InSchema
  ? Name extends keyof Schemas[NameOrSchema["schema"]]["Enums"]
    ? Schemas[NameOrSchema["schema"]]["Enums"][Name]
    : never
  : NameOrSchema extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][NameOrSchema]
    : never

/** A composite type. */
export type CompositeTypes<
  NameOrSchema extends keyof DefaultSchema["CompositeTypes"] | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Schemas[NameOrSchema["schema"]]["CompositeTypes"] : never = never,
> = NameOrSchema extends InSchema
  ? Name extends keyof Schemas[NameOrSchema["schema"]]["CompositeTypes"]
    ? Schemas[NameOrSchema["schema"]]["CompositeTypes"][Name]
    : never
  : NameOrSchema extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][NameOrSchema]
    : never

export const Constants = {
  api: {
    Enums: {
    },
  },
} as const
